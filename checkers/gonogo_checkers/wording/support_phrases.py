"""Phrases of customer support, in the languages of `SUPPORT_LANGUAGES`: what `support_reply` reads.

Each pattern is matched against text in lower case with plain quotes (`folded_text.fold`).
"""

import re
from typing import Final

SUPPORT_LANGUAGES: Final = frozenset({"en", "de", "fr", "es", "pt", "it", "nl", "ja"})
"""Languages in which openings, closings, steps and empathy are known."""


def _any(*phrases: str) -> re.Pattern[str]:
    """Join phrases; those of spaced scripts begin where a word does. Folding writes ß as ss."""
    spaced = [phrase.replace("ß", "ss") for phrase in phrases if phrase[0] < "\u3000"]
    unspaced = [phrase for phrase in phrases if phrase[0] >= "\u3000"]
    return re.compile("|".join([rf"(?<!\w)(?:{'|'.join(spaced)})", *unspaced]))


OPENINGS: Final = _any(
    r"hi\b", r"hello\b", r"hey\b", r"dear\b", r"good (?:morning|afternoon|evening|day)\b",
    r"greetings\b", r"welcome\b", r"thanks?\b", r"thank you\b", r"sorry\b", r"apolog",
    r"certainly\b", r"of course\b", r"sure\b", r"absolutely\b",
    r"(?:i'm|i am|we're|we are|i'd be|i'll be) (?:so |very |really |truly |"
    r"more than )?(?:happy|glad|sorry|delighted|pleased)",
    r"happy to\b", r"great (?:news|question)", r"good news", r"i understand\b",
    r"i (?:can|will|would love to) (?:help|assist)\b", r"to assist you\b", r"yes\b",
    r"no problem\b", r"hallo\b", r"guten (?:tag|morgen|abend)\b", r"sehr geehrte",
    r"liebe[rs]?\b", r"vielen dank", r"danke\b", r"herzlichen dank", r"gerne?\b",
    r"es tut (?:uns|mir)", r"entschuldig", r"grüezi", r"servus", r"moin", r"bonjour\b",
    r"bonsoir\b", r"ch(?:er|ère)s?\b", r"merci\b", r"madame\b", r"monsieur\b", r"désolée?s?\b",
    r"bien sûr\b", r"salut\b", r"hola\b", r"buen(?:os|as) (?:días|tardes|noches)",
    r"estimad[oa]s?\b", r"querid[oa]s?\b", r"gracias\b", r"lamento\b", r"lamentamos\b",
    r"por supuesto\b", r"claro\b", r"olá\b", r"oi\b", r"bom dia\b", r"boa (?:tarde|noite)\b",
    r"prezad[oa]s?\b", r"car[oai]s?\b", r"obrigad[oa]\b", r"ciao\b", r"buon(?:giorno|asera)\b",
    r"salve\b", r"gentile\b", r"egregi[oa]\b", r"grazie\b", r"beste\b", r"geachte\b",
    r"goede(?:morgen|middag|navond|ndag)\b", r"dag\b", r"bedankt\b", r"dank u\b", r"dank je\b",
    r"こんにちは", r"お世話", r"ありがとう", r"様", r"申し訳", r"お問い合わせ", r"承知",
    r"かしこまり",
)  # fmt: skip

CLOSINGS: Final = _any(
    r"(?:best|kind|warm|kindest|warmest)?\s?(?:regards|wishes)\b", r"sincerely\b", r"cheers\b",
    r"yours\b", r"let (?:me|us) know",
    r"please (?:hold|wait|provide|let|confirm|share|reply|bear)", r"once i have",
    r"if you(?:'d| would)? (?:like|need|have|want|decide)", r"feel free", r"anything else",
    r"any(?: other| further| more)? questions", r"(?:happy|glad|here) to help", r"thank you\b",
    r"thanks\b", r"have a (?:great|good|nice|lovely|wonderful)", r"reach out",
    r"contact (?:us|me)\b", r"reply to this", r"take care\b", r"get back to", r"look forward",
    r"(?:would you like|shall i|should i|could you|can you|do you want|may i|what|which|"
    r"how)\b[^?]*\?",
    r"apologi[sz]e", r"the [\w ]{2,30} team\b", r"(?:support|service|care) team\b",
    r"(?:freundliche[nr]?|viele|beste|liebe|herzliche) grüße", r"mit freundlichen",
    r"melde[n]? sie sich", r"(?:bei|weitere[n]?) (?:weiteren )?fragen", r"gerne?\b",
    r"vielen dank", r"schönen tag", r"\bihr [\w ]+team", r"cordialement", r"bien à vous",
    r"n'hésitez", r"à votre disposition", r"bonne journée", r"merci", r"salutations", r"l'équipe",
    r"saludos", r"atentamente", r"no dude", r"quedamos a", r"quedo a", r"gracias",
    r"cualquier (?:otra )?(?:duda|pregunta|cosa)", r"que tenga", r"el equipo", r"atenciosamente",
    r"abraços?", r"fique à vontade", r"à disposição", r"obrigad[oa]", r"qualquer dúvida",
    r"cordiali saluti", r"distinti saluti", r"a disposizione", r"grazie", r"buona giornata",
    r"non esit", r"met vriendelijke", r"vriendelijke groet", r"groeten?\b",
    r"laat het (?:ons|me|mij)", r"fijne dag", r"bedankt", r"よろしく",
    r"お願い(?:いた|致)?します", r"お気軽に", r"ご連絡", r"お問い合わせください", r"お待ちして",
)  # fmt: skip

STEPS: Final = _any(
    r"i(?:'ve| have|'ll| will|'m| am| can| could| just| would|'d)\b",
    r"we(?:'ve| have|'ll| will|'re| are| can)\b", r"let me\b", r"let us\b",
    r"you(?:'ll| will|'ve| have| can| could| may| should| need|'re| are)\b", r"please\b",
    r"(?:click|go to|open|select|choose|check|try|visit|call|send|reply|contact|follow|"
    r"enter|tap|press|restart|update|download|install|return|fill|provide|confirm|log in|"
    r"sign in|use)\b",
    r"(?:your|the) [\w -]{2,40} (?:is|are|was|were|has|have|will|can)\b",
    r"(?:yes|no|unfortunately)\b", r"dm\b", r"cannot\b", r"can't\b", r"let's\b",
    r"(?:ok|okay|one moment|hold on|give me)\b", r"here (?:is|are|'s)\b",
    r"(?:it|this|that|there) (?:is|are|was|has|will|takes?|can)\b", r"\d",
    r"(?:ich|wir) (?:habe|haben|werde|werden|kann|können|prüfe|bin|sind)\b",
    r"(?:sie|du) (?:können|kannst|erhalten|finden|müssen|bekommen)\b", r"bitte\b",
    r"(?:ihre?|die|das|der) [\w -]{2,40} (?:ist|sind|wird|werden|wurde)\b",
    r"(?:habe|haben|werde|werden) (?:ich|wir)\b", r"leider\b", r"(?:je|j'|nous|vous)\s?\w+",
    r"veuillez\b", r"malheureusement\b", r"s'il vous", r"votre\b",
    r"(?:puede|puedes|podemos|hemos|he|vamos|voy|recibirá|debe|tiene|estamos)\b", r"por favor\b",
    r"haga\b", r"su\b",
    r"(?:pode|podemos|vamos|estamos|receberá|deve|enviei|enviamos|verifique)\b", r"seu\b",
    r"sua\b", r"(?:può|puoi|abbiamo|ho|stiamo|riceverà|deve|faccia|clicchi)\b", r"per favore\b",
    r"suo\b", r"sua\b",
    r"(?:u|je|we|ik) (?:kunt|kan|kunnen|heb|hebben|ga|gaan|zal|zullen|ontvangt|moet)\b",
    r"alstublieft\b", r"uw\b", r"いたします", r"します", r"ください", r"できます", r"ました",
    r"ません", r"です",
)  # fmt: skip

COMPLAINTS: Final = _any(
    r"(?:angry|furious|frustrat\w+|upset|annoyed|disappointed|disappointing|outrag\w+|"
    r"disgust\w+|appalled|fed up)\b",
    r"(?:unacceptable|ridiculous|terrible|horrible|awful|worst|pathetic|scam|a joke|"
    r"nightmare|useless|rip-?off)\b",
    r"still (?:waiting|not|haven't|no|nothing)\b",
    r"(?:second|third|fourth|\d{1,3}(?:nd|rd|th)) time\b",
    r"(?:never|not) (?:arrived|received|been delivered|worked|refunded)\b",
    r"(?:broken|damaged|defective|faulty)\b",
    r"(?:doesn't|does not|won't|isn't|stopped) (?:work|working|turn on|charge)\w*",
    r"waste of (?:time|money)", r"had enough\b", r"no one (?:answers|replies|responds|has)\b",
    r"nobody (?:answers|replies|responds|has)\b", r"complain\w*", r"charged (?:me )?twice",
    r"double[- ]charged",
    r"(?:verärgert|wütend|sauer|enttäuscht|frech|unverschämt\w*|unmöglich|inakzeptabel|"
    r"katastrophe|schrecklich)\b",
    r"(?:kaputt|beschädigt|defekt)\b", r"warte (?:immer noch|seit)", r"immer noch (?:nicht|kein)",
    r"beschwer\w+",
    r"(?:furieu(?:x|se)|déçue?s?|en colère|inadmissible|inacceptable|scandaleux|honteux|"
    r"cassée?|abîmée?|défectueu)",
    r"toujours pas\b", r"réclamation",
    r"(?:enfadad[oa]|indignad[oa]|decepcionad[oa]|furios[oa]|inaceptable|vergonzoso|pésimo|"
    r"horrible|rot[oa]|dañad[oa]|defectuos[oa])\b",
    r"sigo esperando", r"todavía no\b", r"queja",
    r"(?:decepcionad[oa]|inaceitável|péssimo|quebrad[oa]|danificad[oa]|reclamaç)",
    r"(?:delus[oa]|arrabbiat[oa]|inaccettabile|vergogn|rott[oa]|danneggiat[oa])",
    r"(?:boos|teleurgesteld|onacceptabel|belachelijk|beschadigd|klacht)\b", r"ひどい",
    r"届かない", r"届いていません", r"壊れ", r"最悪", r"怒", r"困って",
)  # fmt: skip

EMPATHY: Final = _any(
    r"sorry\b", r"apolog", r"understand\b", r"understandabl", r"regret", r"frustrat",
    r"inconvenience", r"appreciate",
    r"thank you for (?:your patience|letting|bringing|telling|reporting|flagging|sharing)",
    r"i can imagine", r"i hear you", r"i see how", r"oh no\b",
    r"that's not (?:ok|okay|good|right|what we|the experience)", r"disappoint",
    r"(?:must|should) (?:be|have been|not have)", r"right to be",
    r"make (?:this|it|things) right", r"concern", r"we hate to", r"we'd hate", r"upset",
    r"unfortunate", r"tut (?:uns|mir)[\w ]* leid", r"leid\b", r"entschuldig", r"bedauer",
    r"verständ", r"verstehe", r"ärger", r"unannehmlich", r"désolée?", r"excuse", r"regrett",
    r"comprend", r"navrée?", r"pardon", r"lament", r"sentimos", r"siento", r"disculp", r"entend",
    r"comprend", r"molestia", r"perdón", r"desculp", r"sinto muito", r"sentimos", r"compreend",
    r"transtorno", r"scus", r"dispiac", r"capi(?:sco|amo)", r"disagi", r"spijt", r"excus",
    r"begrijp", r"vervelend", r"ongemak", r"sorry", r"申し訳", r"お詫び", r"ご迷惑", r"ご不便",
    r"恐れ入り",
)  # fmt: skip

RUDE: Final = _any(
    r"half a brain\b", r"(?:any|every) idiot\b", r"not rocket science", r"how hard can it be",
    r"can't you (?:read|see|listen)",
    r"wast(?:e|ing) (?:my|our|everyone's|everybody's|people's) time",
    r"(?:is|was) (?:entirely|all|solely|completely) on you\b",
    r"(?:don't blame us|blame yourself)\b", r"have (?:only )?yourself to blame",
    r"for your own (?:mistake|negligence|carelessness|stupidity)", r"serves you right",
    r"(?:stop|quit) bothering", r"can't be bothered",
    r"(?:i'm|i am|we're|we are) (?:sick|tired) of (?:you|your)\b", r"leave us alone",
    r"get lost\b", r"next time,? (?:read|think|pay attention)",
    r"maybe (?:read|learn|think|try)\b[^.!?]{0,40} before you (?:write|ask|call|complain)",
    r"do your homework", r"we have better things to do",
    r"you brought (?:this|it) (?:up)?on yourself",
    r"selbst (?:merken|lesen|wissen|denken) müssen", r"(?:ihr|dein) eigener fehler",
    r"stellen sie sich nicht so an", r"lassen sie uns in ruhe",
    r"beim nächsten mal (?:lesen|passen)", r"verschwenden sie nicht", r"n'avez qu'à",
    r"c'est votre (?:erreur|problème)", r"perdre notre temps", r"laissez-nous tranquilles",
    r"la prochaine fois,? (?:lisez|réfléchissez)", r"hacernos perder el tiempo",
    r"(?:su|tu) propio error", r"la próxima vez,? (?:lea|lee|fíjese)", r"déjenos en paz",
    r"(?:stupid|idiots?|idiotic|moron\w*|dumb|imbecile|shut up|screw you|damn you|fuck\w*|"
    r"bullshit|asshole|crap)\b",
    r"calm down\b", r"(?:stop|quit) (?:complaining|whining|wasting (?:my|our) time)",
    r"not (?:my|our) (?:problem|fault|job)\b", r"(?:your|you're) (?:own )?fault\b",
    r"it(?:'s| is) your own (?:fault|mistake|doing)",
    r"you (?:clearly|obviously) (?:did not|didn't|don't|failed)",
    r"(?:if )?you (?:had|would have|'d) bothered",
    r"you should(?:'ve| have) (?:read|known|thought|checked|paid attention|listened|"
    r"been more careful)",
    r"as (?:i|we)(?:'ve| have)? already (?:told|said|explained)(?: to)? you",
    r"how many times (?:do|must|have)", r"(?:just )?deal with it\b",
    r"are you (?:deaf|blind|kidding|serious)\b", r"(?:learn|try learning) to read",
    r"i don't (?:care|have time for)", r"we don't care\b", r"too bad\b(?! (?:that|about))",
    r"tough luck\b", r"don't be (?:ridiculous|silly|stupid)", r"use your (?:brain|head)\b",
    r"nobody forced you", r"you people\b", r"what did you expect",
    r"(?:dumm(?:kopf|e|er|es)?|idiot(?:en)?|blöd\w*|halt die klappe|scheiß\w*|unfähig) ?\b",
    r"nicht (?:mein|unser) problem\b", r"(?:ihre|deine) eigene schuld\b", r"selbst schuld\b",
    r"beruhigen sie sich", r"hören sie auf zu (?:jammern|meckern)",
    r"wie ich (?:ihnen )?(?:bereits|schon) (?:gesagt|erklärt) habe",
    r"hätten sie (?:nur|halt|mal|eben) (?:gelesen|aufgepasst)", r"lernen sie lesen",
    r"das ist (?:uns|mir) egal", r"pech gehabt",
    r"(?:stupides?|imbéciles?|idiote?s?|crétin\w*|ferme[rz]? ?(?:-la|la)|merde)\b",
    r"pas (?:mon|notre) problème", r"(?:de )?votre (?:propre )?faute\b", r"calmez-vous",
    r"arrêtez de vous plaindre", r"comme je vous l'ai déjà (?:dit|expliqué)",
    r"vous auriez dû (?:lire|faire attention|réfléchir)", r"apprenez à lire",
    r"tant pis pour vous", r"je m'en (?:fiche|moque|fous)",
    r"(?:estúpid[oa]s?|idiotas?|imbécil(?:es)?|tont[oa]s?|mierda|cállese|cállate)\b",
    r"no es (?:mi|nuestro) problema", r"es (?:su|tu) (?:propia )?culpa\b", r"cálmese|cálmate",
    r"deje de quejarse|deja de quejarte", r"como ya le (?:dije|expliqué)",
    r"debería haber (?:leído|prestado)", r"aprenda a leer", r"me da igual\b",
)  # fmt: skip

INTERNAL: Final = _any(
    r"internal (?:handbook|manual|polic(?:y|ies)|guidelines?|rules?|procedures?|process|"
    r"system|playbook|wiki)s? (?:says?|tells?|states?|requires?|asks?)",
    r"(?:agent|staff|support) (?:manual|handbook|playbook)\b",
    r"note (?:for|to) (?:the )?(?:next )?(?:agent|colleague|team|shift|staff)",
    r"(?:customer|client|user)s? (?:must|should|may|is|are) not (?:supposed to |"
    r"allowed to )?(?:know|learn|see|be told|find out|hear)",
    r"my (?:guidelines|instructions|rules|directives|system message) (?:forbid|say|tell|"
    r"require|do not allow|don't allow|prevent)",
    r"(?:do not|don't) let the (?:customer|client|user)", r"keep (?:this|it) between us\b",
    r"for (?:staff|internal|agents?) (?:use )?only", r"intern (?:gilt|vermerkt|nur)",
    r"interner hinweis", r"nicht an (?:den |die )?kunden? weiter",
    r"ne pas (?:communiquer|divulguer|dire) au client",
    r"no (?:compartir|revelar|decir) (?:esto )?(?:con el|al) cliente",
    r"(?:per|according to|under|as per|based on) (?:our )?internal (?:policy|policies|"
    r"guidelines?|procedures?|rules?|notes?)",
    r"internal (?:note|use only|memo|ticket|comment|instructions?)s?\b",
    r"(?:ticket|agent|crm|case) notes?\s*:", r"note to (?:agent|self|team)\b",
    r"(?:do not|don't) (?:share|disclose|tell|reveal|mention) (?:this )?(?:to|"
    r"with) (?:the )?(?:customers?|clients?|users?)\b",
    r"(?:not|isn't) (?:for|to be) (?:customers?'? eyes|shared with (?:the )?customers?)",
    r"my (?:system prompt|instructions (?:say|tell|are)|prompt)\b", r"system prompt\b",
    r"i(?:'ve| have| was|'m| am) (?:been )?(?:instructed|told|programmed|prompted) (?:to|"
    r"not to)\b",
    r"as an ai (?:language )?model\b", r"escalation (?:matrix|tier|code)\b",
    r"\[(?:internal|agent|note|private)[^\]\n]{0,40}\]",
    r"</?(?:system|instructions?|thinking|internal)>",
    r"interne[rn]? (?:richtlinie|notiz|anweisung|vermerk|vorgabe)\w*",
    r"(?:note|consigne|directive|procédure) internes?",
    r"(?:nota|política|directriz|instrucción) interna",
    r"(?:nota|política|diretriz|norma) interna", r"(?:nota|direttiva|istruzione) interna",
    r"interne (?:notitie|richtlijn)", r"社内(?:メモ|規定|用)",
)  # fmt: skip

SIGN_OFFS: Final = re.compile(
    r"^[ \t]*(?:(?:best|kind|warm)?\s*(?:regards|wishes)|best|thanks(?: a lot| so much| again|"
    r" in advance)?|thank you|many thanks|cheers|sincerely|yours(?: \w+)?|"
    r"mit freundlichen grüßen|(?:viele|beste|liebe) grüße|vg|lg|mfg|danke|cordialement|"
    r"bien à vous|merci|saludos|atentamente|un saludo|gracias|atenciosamente|obrigad[oa]|"
    r"cordiali saluti|saluti|grazie|met vriendelijke groet(?:en)?|groet(?:en|jes)?|bedankt)"
    r"[ \t]*[,.!\-–—]*[ \t]*\n?[ \t]*[-–—]*[ \t]*"
    r"(?P<name>(?-i:[A-ZÀ-Þ])[\w'’-]{1,25}(?:[ \t]+(?-i:[A-ZÀ-Þ])[\w'’.-]{0,25}){0,2})[ \t.]*$",
    re.IGNORECASE | re.MULTILINE,
)
"""A line that closes a letter, and the name under it or behind it."""

NAMED: Final = re.compile(
    r"\b(?:my name is|mein name ist|ich heiße|je m'appelle|me llamo|mi nombre es|meu nome é|"
    r"me chamo|mi chiamo|mijn naam is|ik heet)\s+"
    r"(?P<name>(?-i:[A-ZÀ-Þ])[\w'’-]{1,25}(?:[ \t]+(?-i:[A-ZÀ-Þ])[\w'’-]{1,25}){0,2})",
    re.IGNORECASE,
)
"""The customer says the name."""

ADDRESSED: Final = re.compile(
    r"^[ \t]*(?:dear|hi|hello|hey|hallo|liebe[r]?|guten (?:tag|morgen|abend)|sehr geehrte[r]?|"
    r"bonjour|ch(?:er|ère)|hola|estimad[oa]|querid[oa]|olá|prezad[oa]|car[oa]|ciao|buongiorno|"
    r"gentile|beste|geachte|good (?:morning|afternoon|evening))[ \t]+"
    r"(?:(?:mr|mrs|ms|miss|dr|herr|frau|monsieur|madame|m|mme|sr|sra|señora?|signora?|sig|heer|"
    r"mevrouw)\.?[ \t]+){0,2}"
    r"(?P<name>(?-i:[A-ZÀ-Þ])[\w'’-]{1,25})(?P<more>(?:[ \t]+(?-i:[A-ZÀ-Þ])[\w'’-]{1,25}){0,2})",
    re.IGNORECASE | re.MULTILINE,
)
"""The reply addresses someone by name in its first lines."""

NO_NAMES: Final = frozenset(
    {
        "again", "all", "and", "client", "cliente", "customer", "damen", "everyone", "friend",
        "guest", "i", "it", "klant", "kunde", "kunden", "kundin", "madam", "member", "sir",
        "support", "team", "thank", "thanks", "there", "und", "user", "valued", "we", "welcome",
        "you", "your",
    }
)  # fmt: skip

PLACEHOLDERS: Final = re.compile(
    r"\{\{\s*[\w .-]{1,40}\s*\}\}|\[(?:(?:your|the|customer'?s?|client'?s?|insert|agent|company|"
    r"order|name|first|last|date|amount|link|ticket|tracking|product|phone|email|ihr|kunden|"
    r"votre|nom|nombre|su)\b[\w '/#-]{0,40})\](?!\()|<(?:insert|your|customer|"
    r"order)[\w -]{0,40}>|\bX{3,}\b(?!-?\d)",
    re.IGNORECASE,
)
"""A placeholder that nobody filled."""

COURTESY: Final = re.compile(
    r"\b(?:we|i)(?:'re| are|'m| am)\s+(?:\w+\s+)?(?:sorry|glad|happy|pleased|delighted|"
    r"grateful)\b[^.!?,;]*|\b(?:many )?thank(?:s| you)\b[^.!?,;]*|\bhave a\b[^.!?]*|\byou(?:'re|"
    r" are) (?:welcome|valued|a valued)\b[^.!?,;]*|\b(?:we|i) (?:value|appreciate|understand|"
    r"apologi[sz]e|hope)\b[^.!?,;]*|\bbest regards\b.*|\bdear\b[^.!?,]*|\b(?:vielen dank|danke|"
    r"es tut (?:uns|mir))\b[^.!?,;]*|\bmerci\b[^.!?,;]*|\bgracias\b[^.!?,;]*|\bwir (?:sind|"
    r"freuen)\b[^.!?,;]*|\bnous sommes (?:désolés|navrés|ravis)\b[^.!?,;]*|\bsomos\b[^.!?,;]*"
)
"""Courtesies that look like statements and say nothing; matched on folded text."""
