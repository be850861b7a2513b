"""The small words of nine languages, which carry grammar and say nothing of the matter."""

from typing import Final


def _words(spaced: str) -> frozenset[str]:
    return frozenset(spaced.split())


FUNCTION_WORDS: Final = {
    "en": _words(
        """a about after again all also although am an and any are as at be because been before
        being both but by can could did do does during each either else ever every few for from had
        has have having he her here hers him his how however i if in instead into is it its itself
        just least less like many may me might more most much must my neither no nor not of off on
        once one only or other others our out over own per rather same several shall she should
        since so some such than that the their them themselves then there therefore these they this
        those though through thus to too under until up upon us very was we well were what when
        where whether which while who whom whose why will with within without would yes yet you
        your yours"""
    ),
    "de": _words(
        """aber alle allem allen aller als also am an auch auf aus bei bin bis bist da damit dann
        das dass dem den denn der des die dies diese diesem diesen dieser dieses doch dort du durch
        ein eine einem einen einer eines er es für gegen haben hat hatte hier ich ihm ihn ihr ihre
        ihrem ihren ihrer im in ist ja jede jeder jedes kann kein keine können man mehr mein mich
        mir mit muss nach nicht noch nur ob oder ohne sehr sein seine sich sie sind so soll sowie
        über um und uns unser unter vom von vor war waren was wenn wer werden wie wir wird wurde
        wurden zu zum zur zwischen"""
    ),
    "fr": _words(
        """ai ainsi alors au aucun aussi autre autres aux avec avez avoir avons c'est car ce cela
        ces cet cette chaque comme d dans de des donc dont du elle elles en encore entre est et
        était être eu eux fait il ils j je l la le les leur leurs lors lui mais me même mes moi mon
        ne nos notre nous on ont ou où par pas peut plus pour pourquoi qu quand que quel quelle qui
        quoi sa sans se ses si soit son sont sous sur ta te tes toi ton tous tout toute toutes très
        tu un une vers vos votre vous y à"""
    ),
    "es": _words(
        """al algo algunos ante antes aquí así aunque bien cada como con contra cual cuando de
        del desde donde dos durante e el él ella ellas ellos en entre era es esa esas ese eso esos
        esta está están estas este esto estos fue fueron ha hace han hasta hay la las le les lo los
        más me mi mis mucho muy nada ni no nos nosotros o os otra otro otros para pero poco por
        porque puede pueden que qué quien se sea ser si sí sido sin sobre son su sus también tan
        te tiene tienen todo todos tu tus un una uno unos usted y ya yo"""
    ),
    "pt": _words(
        """a ao aos as até cada com como da das de dela dele depois do dos e é ela elas ele eles em
        entre era essa esse esta está estão este eu foi foram há isso isto já lhe mais mas me mesmo
        meu minha muito na não nas nem no nos nós nossa nosso num numa o os ou para pela pelas pelo
        pelos pode podem por porque qual quando que quem se sem ser seu seus só sobre sua suas são
        também te tem têm tudo um uma você vocês"""
    ),
    "it": _words(
        """a ad agli ai al alla alle allo anche c che chi ci come con cui da dagli dai dal dalla
        dalle degli dei del della delle dello di dove e è ed era essere fra gli ha hai hanno ho i
        il in io la le lei li lo loro lui ma mi mia mio molto ne nei nel nella nelle nello noi non
        nostra nostro o ogni per perché più può quale quando quanto quella quelle quelli quello
        questa queste questi questo qui se sei senza si sia siamo sono sta su sua sue sugli sui sul
        sulla sulle suo suoi tra tu tutti tutto un una uno vi voi"""
    ),
    "nl": _words(
        """aan al alle als altijd andere ben bij daar dan dat de der deze die dit doen door een
        eens en er ge geen geweest haar had heb hebben heeft hem het hier hij hoe hun ik in is ja je
        jij jouw kan kunnen kunt maar me meer men met mij mijn moet na naar niet niets nog nu of om
        omdat ons onze ook op over reeds te tegen toch toen tot u uit uw van veel voor want waren
        was wat we wel werd wezen wie wij wil worden wordt zal ze zei zich zij zijn zo zonder
        zou"""
    ),
    "ru": _words(
        """без бы был была были было быть в вам вас во вот все всё вы где да для до его ее её если
        есть ещё же за и из или им их к как когда которые который кто ли мне может мы на над не
        него нет ни но о об он она они от по под при с себя со так также такой там то тоже только
        у уже чем что чтобы эта эти это этот я"""
    ),
    "sv": _words(
        """alla att av blev bli de dem den denna deras dess det detta dig din du där efter eller en
        er ett från för ha hade han har hon hur här i icke inte jag kan man med men mig min mot
        mycket ni nu när något och om oss på sig sin ska skulle som så till under upp ut utan vad
        var vara vi vid är över"""
    ),
}
"""Words that carry grammar and no matter, by language."""
