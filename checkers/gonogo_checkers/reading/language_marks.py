"""The constructs by which programming languages are told apart, each with its weight.

A negative weight speaks against the language. Patterns are matched line by line (`^` and `$` stand
at line ends) on lines of at most 300 characters, and none runs over a line's end without a bound.
"""

from typing import Final

Marks = tuple[tuple[float, str], ...]

HTML_TAG: Final = (
    r"(?:a|article|aside|b|body|br|button|canvas|code|div|em|fieldset|footer|form|h[1-6]|head"
    r"|header|hr|html|i|iframe|img|input|label|legend|li|link|main|meta|nav|ol|option|p|pre"
    r"|script|section|select|span|strong|style|svg|table|tbody|td|template|textarea|th|thead"
    r"|title|tr|ul|video)"
)
_SHELL_COMMANDS: Final = (
    r"(?:alias|apk|apt|apt-get|aws|awk|az|brew|cargo|cat|cd|chmod|chown|conda|cp|curl|docker"
    r"|docker-compose|dotnet|echo|env|export|find|gcloud|gem|gh|git|gradle|grep|head|helm|java"
    r"|journalctl|kill|kubectl|ln|ls|make|mkdir|mv|mvn|mysql|nano|node|npm|npx|nvm|openssl|pip"
    r"|pip3|pipx|pnpm|poetry|printf|ps|psql|pytest|python|python3|read|redis-cli|rm|rsync"
    r"|rustup|scp|sed|set|sh|source|ssh|sudo|systemctl|tail|tar|tee|terraform|touch|unzip|uv"
    r"|vim|wget|xargs|yarn|yum)"
)
_TYPE: Final = (
    r"(?:void|int|long|short|char|float|double|bool|boolean|byte|unsigned|String|string"
    r"|[A-Z]\w*(?:<[\w<>, ?\[\]]{1,60}>)?)(?:\[\])?"
)

_SCRIPT_MARKS: Final[Marks] = (
    (2, r"^\s*(?:export\s+)?(?:const|let|var) [\w{\[][^=\n]{0,80}="),
    (1, r"=>"),
    (4, r"\bfunction \w+\s*\([^$:\n]+\)\s*\{"),
    (3, r"\bclassName=|\b\w+=\{[\w(`{]"),
    (2.5, r"\bfunction\b\*?\s*\w*\s*\([^$\n]*\)\s*(?::[^{\n]{1,40})?\{"),
    (1.5, r"^\s*(?:for \((?:let|var|const) |const |let )\w"),
    (1.5, r"\.(?:length|push|join|slice|split|sort|indexOf|toString|call|apply|on|prototype)\b"),
    (1.5, r"\$\(['\"#.\w]|\bthis\.\w+\(|\bnew (?:Date|Error|RegExp|Array|Map|Set)\("),
    (0.5, r";\s*$"),
    (4, r"\bconsole\.\w+\("),
    (3, r"\brequire\(['\"]"),
    (2, r"[!=]=="),
    (4, r"^import\b[^;\n]{0,120}\bfrom ['\"]"),
    (4, r"^import ['\"][^'\"\n]{1,80}['\"];?$"),
    (3, r"^export (?:default|const|function|class|async|\{)"),
    (4, r"\b(?:module\.)?exports\.?\w* ?="),
    (3, r"\b(?:document|window|localStorage|process\.env|JSON|Promise|Math)\.\w"),
    (2, r"\basync (?:function|\()|\bawait "),
    (2, r"\.(?:then|map|filter|forEach|reduce|addEventListener)\("),
    (2, r"\btypeof \w|\bundefined\b"),
    (3, r"^\s*constructor\("),
    (1, r"`[^`\n]{0,80}\$\{"),
)
_TYPED_MARKS: Final[Marks] = (
    (3, r"[\w?)\]]: ?(?:string|number|boolean|any|void|unknown|never|object)\b"),
    (3, r"^\s*(?:export )?(?:declare )?interface \w+[^{\n]{0,60}\{"),
    (4, r"^\s*(?:export )?type \w+(?:<[^>\n]{1,40}>)? ?="),
    (3, r"[\w)\]]: ?(?:Promise|Array|Record|Map|Set|Partial|Readonly|Observable)<"),
    (2, r"\b(?:private|public|protected|readonly) \w+[?!]?:"),
    (4, r"\bimport type\b|\bas const\b|\bkeyof \w|\bas (?:string|number|any|unknown)\b"),
    (2, r"\w\??: ?[A-Z][a-z]\w*(?:\[\])?(?:\)|, \w+\??:|;| = )"),
    (3, r"^\s*(?:export )?(?:const )?enum \w+ \{"),
    (2, r"\w+\??: ?\w+\[\]+ ?[,)=;|]"),
)
_CLASS_MARKS: Final[Marks] = (
    (2, r"\b(?:public|private|protected)\s+(?:static\s+|final\s+)*[\w<>\[\], ]{2,60}\("),
    (1.5, r"\b(?:public|private|protected|abstract)\s+(?:\w+\s+)*class\s+\w+"),
    (1.5, rf"^\s*(?!return|throw|new|else|import|export|package){_TYPE} \w+ ?(?:=|;)"),
    (1, r"\bnew [A-Z]\w*(?:<[^>\n]{0,40}>)?\("),
)
_C_MARKS: Final[Marks] = (
    (2, r"^\s*#\s*(?:include|define|ifdef|ifndef|endif|pragma)\b"),
    (2, r"\bprintf\("),
    (1, rf"^\s*(?:static |const |unsigned |inline )*{_TYPE}\s*\**\s*\w+\([^;\n]*\)?\s*\{{?$"),
    (2, r"\b(?:char|void|int|struct \w+|uint8_t|FILE|unsigned char)\s?\*+\s?\w"),
    (1, r"\b(?:int|char|long|unsigned|size_t|double|float|uint\d+_t)\s+\w+(?:\[\w*\])?\s*[=;,)]"),
    (1, r"\w->\w"),
    (2, r"\b(?:sizeof|malloc|calloc|free|memcpy|memset|strlen|strcpy|strncpy|snprintf)\s?\("),
    (2, r"\bstruct \w+\s*[{*]|\btypedef\b|\bunsigned \w|\bNULL\b"),
)

MARKS: Final[dict[str, Marks]] = {
    "python": (
        (3, r"^\s*(?:async )?def \w+\s*\((?:[^)\n]*$|.*\).*:)"),
        (3, r"^\s*(?:async )?def \w+\s*\(.*\)(?: ?->.*)?:\s*(?:#.*)?$"),
        (4, r"^\s*class \w+(?:\(.*\))?:\s*$"),
        (5, r"^\s*from \.*[\w.]+ import\b"),
        (3, r"^\s*import [\w.]+(?: as \w+)?(?:, ?[\w.]+(?: as \w+)?)*\s*$"),
        (2, r"^\s*(?:if|elif|for|while|with|except|async with|async for)\b.*:\s*(?:#.*)?$"),
        (2, r"^\s*(?:try|else|finally):\s*$"),
        (2, r"\bself\.\w"),
        (1.5, r"^\s*print\(.*\)\s*$"),
        (1.5, r"\b(?:None|True|False)\b"),
        (3, r"\belif\b.*:\s*$"),
        (2, r"\"\"\"|'''"),
        (2, r"\b__\w+__\b"),
        (2, r"\blambda [\w, ]*:"),
        (1, r"\bf['\"]|^\s*#"),
        (1, r"\b(?:len|range|str|int|list|dict|sorted|isinstance)\("),
        (1, r"\b(?:not|and|or|is|in) "),
        (2, r"^\s*(?:return|raise|assert|yield)\b[^;{]*$"),
        (1, r"^\s*(?!const|let|var|val)[\w.]+(?:: ?[\w\[\], |.]+)? [-+*/]?= [^;]*[^;,{]$"),
        (2, r"^\s*@[\w.]+(?:\(.*\))?\s*$"),
        (-5, r"^\s*end\s*$"),
        (-2, r"[;{]\s*$"),
    ),
    "javascript": _SCRIPT_MARKS,
    "typescript": (*_SCRIPT_MARKS, *_TYPED_MARKS),
    "java": (
        *_CLASS_MARKS,
        (5, r"\bSystem\.(?:out|err)\.print"),
        (5, r"^\s*import (?:static )?(?:java|javax|org|com|io|lombok|jakarta)\.[\w.*]+;"),
        (3, r"^\s*package [\w.]+;"),
        (5, r"public static void main\(String"),
        (4, r"^\s*@(?:Override|Autowired|Test|Service|Entity|Test|Nullable|NonNull)\b"),
        (3, r"\bthrows \w+"),
        (3, r"\b(?:final|private final) [\w<>\[\], ]+ \w+ ?[=;]"),
        (2, r"\b(?:ArrayList|HashMap|List|Map|Set|Optional|Integer|Boolean)<"),
        (2, r"\bString(?:\[\])? \w+|\bboolean \w+|\bInteger \w"),
        (2, r"\.(?:equals|length|charAt|toString|getString|size|put|get)\("),
        (2, r"\bimplements \w+|\binstanceof \w"),
    ),
    "csharp": (
        *_CLASS_MARKS,
        (5, r"^\s*using (?:static )?(?:System|Microsoft|Newtonsoft|Xunit|NUnit|Moq)\b"),
        (3, r"^\s*using [\w.]+;"),
        (3, r"^\s*namespace [\w.]+\s*[;{]?\s*$"),
        (5, r"\bConsole\.(?:Write|Read)"),
        (5, r"\{ ?get; ?(?:(?:private |protected )?(?:set|init); ?)?\}"),
        (4, r"\basync Task\b|\bTask<|\bIEnumerable<|\bIActionResult\b|\bDateTime\."),
        (3, r"\bforeach \(\w+ \w+ in "),
        (2, r"\bstring(?:\[\])? \w+|\bbool \w+|\bvar \w+ = new\b|\bList<"),
        (2, r"\.(?:Length|Count|ToString\(\)|Add\(|Select\(|Where\(|ToList\()"),
        (3, r"\bpublic (?:static )?(?:override |virtual |async )?(?:string|bool|int|void) [A-Z]"),
        (2, r"\b(?:sealed|internal|override|readonly|virtual|out|ref) \w+"),
        (1, r"\$\"|@\"|\?\?|\bthrow new\b"),
    ),
    "cpp": (
        *_C_MARKS,
        (6, r"^\s*#\s*include\s*<(?:bits/stdc\+\+\.h|[a-z_]+)>"),
        (4, r"\bstd::\w"),
        (4, r"\b(?:cout|cerr)\s*<<|\bcin\s*>>"),
        (4, r"\btemplate ?<"),
        (6, r"\busing namespace \w"),
        (4, r"\bnullptr\b|\bconstexpr\b|\bnoexcept\b|\bstatic_cast<|\breinterpret_cast<"),
        (3, r"\b(?:vector|string|map|unordered_map|unique_ptr|shared_ptr|pair|set)<"),
        (3, r"^\s*\w[\w *&<>:]{0,80}\b\w+::~?\w+\("),
        (3, r"^\s*(?:public|private|protected):\s*$"),
        (2, r"\bconst \w+ ?&|\bauto ?[&*]? ?\w+ ?[:=]"),
        (2, r"\bvirtual \w|\b\w+::\w+"),
        (1, r"\bnew \w+\b|\bdelete (?:\[\] ?)?\w|\bthis->"),
    ),
    "c": (
        *_C_MARKS,
        (4, r"^\s*#\s*include\s*[<\"][\w/]+\.h[>\"]"),
    ),
    "go": (
        (5, r"^package \w+\s*$"),
        (5, r"^func (?:\(\w+ \*?[\w\[\]]+\) )?\w+(?:\[[^\]\n]*\])?\("),
        (2, r"\w :?:= "),
        (4, r"\b(?:fmt|http|errors|strings|os|log|time|sync|context|json)\.[A-Z]\w+"),
        (5, r"\bif err (?::=|!=|==)|\berr != nil"),
        (4, r"^import (?:\($|\"|\w+ \")"),
        (5, r"^type \w+(?:\[[^\]\n]*\])? (?:struct|interface|func)\b"),
        (3, r"^\s*(?:defer|go) [\w.]+\(|\bgo func\("),
        (3, r"\bmake\((?:chan|map|\[\])|\bchan \w|\[\](?:byte|string|int|interface)\b"),
        (2, r"^\s*for [\w, ]*:= range |^\s*for \w+ := "),
        (1, r"\bnil\b|\bstruct\{"),
        (2, r"^\s*if [^({\n]+\{$"),
    ),
    "rust": (
        (4, r"\bfn \w+(?:<[^>\n]{1,60}>)?\s*\("),
        (5, r"\blet mut \w"),
        (2, r"\blet \w+(?:: ?[\w<>&\[\]:, ]+)? = "),
        (4, r"^\s*impl(?:<[^>\n]{1,60}>)? \w"),
        (4, r"\bpub(?:\(crate\))? (?:fn|struct|enum|mod|use|trait|const|async)\b"),
        (4, r"^\s*use (?:\w+::)+[\w{*]"),
        (4, r"\b(?:println|print|vec|format|panic|assert|assert_eq|eprintln|write)!\s*[(\[]"),
        (3, r"&(?:mut |'\w+ )?(?:str|self|mut|\[)\b|&mut \w"),
        (3, r"\b(?:Some|Ok|Err|Box::new|Vec::new|String::from)\("),
        (3, r"^\s*#!?\[\w+"),
        (3, r"\.(?:unwrap|expect|iter|into_iter|collect|clone|to_string|as_str|is_some)\("),
        (2, r"\b(?:Vec|Option|Result|HashMap|Box|Arc|Rc)<"),
        (2, r"\bmatch [^{\n]{1,60}\{$|=> \{|\bunsafe \{|\b(?:i32|u8|u32|u64|usize|i64|f64)\b"),
    ),
    "ruby": (
        (3, r"^\s*def (?:self\.)?\w+[?!]?(?:\([^)\n]*\)(?!\s*(?:->|[:={])).*| \w[\w, ]*)?(?<!:)$"),
        (3, r"^\s*end\s*$"),
        (3, r"^\s*(?:puts|p) "),
        (4, r"^\s*(?:require|require_relative) ['\"]"),
        (4, r"\bdo(?: \|[\w, ()]+\|)?\s*$"),
        (3, r"\.(?:each|each_with_index|map|select|inject|reduce|times)\b(?: do\b| ?\{ ?\|)"),
        (2, r"(?<!\w)@\w+ (?:\|\|)?= "),
        (4, r"^\s*(?:attr_\w+|include|extend|private|validates|has_many|belongs_to|before_\w+)\b"),
        (2, r"\bnil\b|\.nil\?|\.\w+\? "),
        (2, r"^\s*(?:unless|elsif|begin|rescue|ensure|when) ?\b"),
        (2, r"[( ,]:\w+ ?=>|\b\w+: :\w+|[\[( ,]:\w+\b"),
        (2, r"#\{[^}\n]{1,60}\}"),
        (4, r"^\s*(?:class|module) [A-Z]\w*(?:::\w+)*(?: < [\w:]+)?\s*$"),
        (2, r"^\s*return [^;{]*\s(?:if|unless) |[^;{]\sunless \w"),
        (-2, r";\s*$"),
    ),
    "php": (
        (20, r"<\?(?:php|=)"),
        (3, r"^\s*\$\w+(?:\[[^\]\n]*\])? ?\.?= ?"),
        (4, r"\$this->"),
        (2, r"\$\w+->\w"),
        (2, r"^\s*echo\b.*;\s*$"),
        (5, r"\bfunction \w+\s*\([^)\n]*\$"),
        (5, r"\$_(?:GET|POST|SERVER|SESSION|REQUEST|COOKIE|FILES)\b"),
        (3, r"\b(?:foreach|if|while|isset|empty|count|array_\w+|strlen)\s?\(\s?!?\$"),
        (2, r"^\s*use [A-Z]\w*(?:\\\w+)+|^\s*namespace [A-Z]\w*(?:\\\w+)*;"),
        (1, r"\$\w+"),
    ),
    "bash": (
        (20, r"\A#!.{0,60}\b(?:ba|z|k|da)?sh\b"),
        (5, r"^\s*(?:el)?if !? ?\[\[? "),
        (4, r"^\s*fi\s*$|; ?fi\s*$"),
        (4, r"; ?then\b|^\s*then\s*$"),
        (3, r"^\s*done\b|; ?done\s*$"),
        (5, r"^\s*esac\s*$"),
        (1.5, r"\"\$\{?\w+\}?|\$\{\w+[:}\[]|\$\("),
        (
            4,
            rf"^\s*(?:sudo )?{_SHELL_COMMANDS}(?: (?!(?:the|a|an|this|that|your|is|are|sure|it|to"
            r"|of|and|for|in|\(|=)(?:\s|$))[^=;(]*)?$",
        ),
        (3, r" \| ?(?:grep|awk|sed|sort|head|tail|xargs|tee|wc|cut|tr|jq|uniq)\b"),
        (5, r"^\s*set -[a-z]"),
        (1.5, r" \\\s*$"),
        (1.5, r" --?[a-z][\w-]*(?:[ =]|$)"),
        (2, r" && \w+ | 2>&1| > ?/dev/null"),
        (2, r"^\s*(?:export |local |readonly )?[A-Za-z_]\w*=(?:[\"'$\d/]|\w|$)"),
        (4, r"^\s*(?:function )?\w+ ?\(\) ?\{\s*$"),
        (3, r"^\s*for \w+ in .*; ?do\b|^\s*while .*; ?do\b|^\s*do\s*$"),
        (1, r"^\s*#"),
    ),
    "sql": (
        (
            4,
            r"(?i:^\s*(?:create (?:or replace )?(?:temp\w* |unique )?(?:table|view|index|function"
            r"|procedure|trigger|database|schema|materialized view|type|role|user)|alter table"
            r"|drop (?:table|view|index|database)|insert into|delete from|truncate table)\b)",
        ),
        (4, r"(?i:^\s*update [\w.\"`\[\]]+(?: (?:as )?\w+)?\s+set\b)"),
        (4, r"(?i:^\s*select\b(?:[^;\n]{0,200}\bfrom\b [\w.\"`(\[])?)(?=.*[,*;(]|.*\bfrom\b|\s*$)"),
        (
            3,
            r"^\s*(?:SELECT|FROM|WHERE|GROUP BY|ORDER BY|HAVING|LIMIT|JOIN|INNER JOIN|LEFT JOIN"
            r"|RIGHT JOIN|VALUES|SET|UNION|WITH|ON|AND|RETURNING)\b",
        ),
        (2, r"\b(?:VARCHAR|PRIMARY KEY|NOT NULL|FOREIGN KEY|REFERENCES|COUNT\(|SUM\(|AVG\()"),
        (
            2,
            r"(?i:^\s*(?:from|where|group by|order by|left join|inner join|join|having) [\w.\"`(])",
        ),
        (4, r"(?i:^\s*with (?:recursive )?\w+ (?:\([\w, ]+\) )?as \()"),
    ),
    "html": (
        (10, r"(?i:<!doctype html|<html\b)"),
        (2, rf"(?i:</{HTML_TAG}>)"),
        (2, rf"(?i:<{HTML_TAG}(?:\s[^>\n]{{0,200}})?/?>)"),
        (2, r"<!--"),
        (2, r"\b(?:class|href|src|id|style)=\"[^\"\n]{0,200}\""),
    ),
    "css": (
        (
            1.5,
            r"^\s*(?:[.#*:@]?[a-zA-Z][\w-]*|\*|\[)[^{};=()\n]{0,120}(?::[\w-]+\([^)\n]*\))?\s*\{",
        ),
        (-3, r"^\s*(?:if|for|while|else|switch|function|try|return|do|class|var|let|const|\}) ?\b"),
        (-3, r"[\w\])] [-+*/]?=[= ]|\w\(.*\);|[+-]{2};"),
        (2, r"^\s*(?:--)?[a-z][a-z-]+\s*:\s*[^;{}\n(]+(?:\([^;{}\n]*\)[^;{}\n]*)?;\s*$"),
        (5, r"^\s*@(?:media|keyframes|import|font-face|supports|tailwind|layer)\b|:root\b"),
        (2, r"#[0-9a-fA-F]{3,8}\b|\b\d+(?:\.\d+)?(?:px|rem|em|vh|vw)\b"),
        (3, r"\b(?:margin|padding|display|color|background|font-size|border|width)(?:-\w+)?\s*:"),
        (2, r"(?:^|\s)[.#][a-zA-Z][\w-]*(?::[\w-]+(?:\(\w+\))?)?(?:\s*[,>+~]|\s*\{)"),
    ),
    "kotlin": (
        (6, r"\bfun (?:<[^>\n]{1,40}> )?(?:\w+\.)?\w+\("),
        (3, r"^\s*(?:private |override |lateinit )*va[lr] \w+(?:: ?[\w<>?, ]+)?(?: =| by|$)"),
        (5, r"\bdata class \w|\bcompanion object\b|\bsuspend fun\b|\bsealed class\b"),
        (2, r"\bprintln\(|\blistOf\(|\bmapOf\(|\bmutableListOf\(|\?\.let \{"),
        (3, r"\bwhen ?(?:\([^)\n]{1,60}\) ?)?\{"),
        (2, r": ?(?:Int|String|Boolean|Long|Double|List<|Map<|Unit)\b"),
        (-1.5, r";\s*$"),
        (2, r"^\s*import [\w.]+\*?\s*$|^package [\w.]+\s*$"),
    ),
    "swift": (
        (
            4,
            r"\bfunc \w+(?:<[^>\n]{1,40}>)?\([^)\n]*\)(?: (?:async )?(?:throws )?)?(?: ?-> |\s*\{)",
        ),
        (8, r"^\s*import (?:Foundation|UIKit|SwiftUI|Combine|XCTest)\b"),
        (5, r"\bguard (?:let|var|case|!?\w)|\bif let \w"),
        (2, r"^\s*(?:let|var) \w+(?:: ?[\w<>?\[\]: ]+)? ?(?:=|\{|$)"),
        (4, r"(?:^|\s)@(?:State|Published|main|Binding|escaping|objc|IBOutlet)\b"),
        (2, r": (?:Int|String|Bool|Double|\[\w+\]|View)\b|\bsome View\b|\bnil\b"),
        (2, r"\\\(\w|\bextension \w+|\bstruct \w+(?:: \w+)? \{"),
    ),
    "scala": (
        (5, r"^\s*(?:case )?object \w+(?: extends [\w.]+)?\s*[{:]?\s*$"),
        (
            4,
            r"^\s*(?:override |private )*def \w+(?:\[[^\]\n]*\])?(?:\([^)\n]*\)){0,3}"
            r"(?: ?: ?[\w\[\], ]+)? =(?!=)",
        ),
        (5, r"\bcase class \w+\("),
        (6, r"^\s*import (?:scala|akka|cats|zio|org\.apache\.spark)\."),
        (2, r"^\s*(?:implicit |lazy |private )*val \w+(?:: ?[\w\[\], ]+)? ="),
        (2, r"\bcase [^=\n]{1,60}=>"),
        (2, r": (?:Int|String|Boolean|Unit|List\[|Seq\[|Option\[|Future\[)"),
        (2, r"\b(?:trait|sealed trait) \w+|\bextends App\b|\bprintln\("),
    ),
    "lua": (
        (4, r"^\s*local (?:function )?\w+"),
        (3, r"^\s*(?:else)?if .* then\s*$"),
        (2, r"^\s*end[),]?\s*$"),
        (3, r"^\s*(?:local )?function [\w.:]*\([\w, .]*\)\s*$"),
        (3, r"~=|\bipairs\(|\bpairs\(|\bstring\.\w+\(|\btable\.insert\("),
        (1, r"\bnil\b| \.\. |^\s*--"),
        (2, r"^\s*for .* do\s*$"),
    ),
}
