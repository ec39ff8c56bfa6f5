package automail

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// awayPhrases are how the 20 languages say "automatic answer" and "out of the
// office" in a subject. Strong ones say it wherever a subject begins or ends with
// them; weak ones are words of daily life (holidays) and count only as a whole
// prefix: "Urlaub: Re: printer".
var awayPhrases = []struct{ code, strong, weak string }{
	{"en", "out of office|out of the office|out-of-office|automatic reply|auto reply|auto-reply|autoreply|auto response|auto-response|automatic response|autoresponse|automated reply|automated response|autoresponder|ooo|away from my mail|away from the office|not in the office|vacation reply|vacation notice|holiday notice", "away|on vacation|on holiday|on leave|vacation|holiday"},
	{"de", "abwesenheitsnotiz|abwesenheitsmeldung|abwesenheitsnachricht|abwesenheitsassistent|automatische antwort|automatische abwesenheit|nicht im büro|nicht im haus|außer haus|automatische rückantwort|abwesenheitsagent|automatische mitteilung", "abwesend|abwesenheit|urlaub|im urlaub"},
	{"fr", "absence du bureau|absent du bureau|absente du bureau|réponse automatique|réponse auto|message d'absence|avis d'absence|notification d'absence|en dehors du bureau|message automatique", "absence|absent|absente|congés|en congé|en congés|en vacances"},
	{"es", "fuera de la oficina|fuera de oficina|respuesta automática|respuesta automatica|ausencia de oficina|autorrespuesta|mensaje automático|aviso de ausencia", "ausente|ausencia|de vacaciones|vacaciones"},
	{"it", "fuori sede|fuori ufficio|risposta automatica|risposta automatica di assenza|assenza dall'ufficio|avviso di assenza|messaggio automatico", "assenza|assente|in ferie|ferie"},
	{"nl", "automatisch antwoord|automatische antwoord|afwezigheidsbericht|afwezigheidsassistent|niet op kantoor|buiten kantoor|automatische beantwoording|automatische reactie", "afwezig|afwezigheid|niet aanwezig|vakantie|met vakantie"},
	{"pt", "resposta automática|resposta automatica|fora do escritório|fora do escritorio|ausência temporária|ausente do escritório|mensagem automática", "ausente|ausência|férias|de férias"},
	{"pl", "automatyczna odpowiedź|odpowiedź automatyczna|autoodpowiedź|poza biurem|nieobecność w biurze|nieobecny w biurze|informacja o nieobecności", "nieobecność|nieobecny|nieobecna|urlop|na urlopie"},
	{"ru", "автоматический ответ|автоответ|нет на рабочем месте|вне офиса|не в офисе|отсутствую на рабочем месте|уведомление об отсутствии", "в отпуске|отпуск|отсутствую|отсутствие"},
	{"uk", "автоматична відповідь|автовідповідь|поза офісом|не в офісі|відсутній на робочому місці|немає на місці", "у відпустці|відпустка|відсутній|відсутня"},
	{"cs", "automatická odpověď|mimo kancelář|mimo pracoviště|oznámení o nepřítomnosti", "nepřítomnost|dovolená|na dovolené"},
	{"hu", "automatikus válasz|házon kívül|irodán kívül|távolléti üzenet|nem vagyok az irodában", "távollét|szabadság|szabadságon"},
	{"sv", "autosvar|automatiskt svar|frånvaromeddelande|inte på kontoret|ej på kontoret|frånvarohanteraren|ej på plats", "frånvarande|frånvaro|semester|på semester"},
	{"da", "autosvar|automatisk svar|ikke til stede|fraværsbesked|ikke på kontoret|autobesked|fraværsmeddelelse", "fravær|fraværende|ferie|på ferie"},
	{"nb", "autosvar|automatisk svar|fraværsmelding|ikke på kontoret|ute av kontoret|ikke til stede|fraværsassistent", "fravær|fraværende|ferie|på ferie"},
	{"fi", "automaattinen vastaus|poissaoloviesti|poissa toimistosta|poissaoloilmoitus|automaattivastaus|en ole toimistossa", "poissa|poissaolo|lomalla"},
	{"tr", "otomatik yanıt|otomatik cevap|ofis dışında|ofis dışı|ofiste değil|işyeri dışında", "izinde|izinli|tatilde"},
	{"zh", "自动回复|自動回覆|自动答复|自動回復|自动应答|不在办公室|不在辦公室|外出自动|自動回信|休假通知|外出通知", "外出|休假|假期"},
	{"ja", "自動返信|自動応答|不在通知|不在のお知らせ|不在応答|自動回答|休暇のお知らせ", "不在|休暇"},
	{"ko", "자동 회신|자동회신|자동 응답|자동응답|부재중|부재 중|자동 답장|부재 알림", "부재|휴가"},
}

// phrase is a phrase turned round: strong or not.
type phrase struct {
	text   string
	strong bool
}

// away are the phrases by their first two octets, so that a subject is asked only
// for those that may stand in it.
var away, awayStarts = func() (map[[2]byte][]phrase, [256]bool) {
	strong := map[string]bool{}
	for _, l := range awayPhrases {
		for _, p := range strings.Split(l.weak, "|") {
			strong[p] = false
		}
		for _, p := range strings.Split(l.strong, "|") {
			strong[p] = true
		}
	}
	m, starts := map[[2]byte][]phrase{}, [256]bool{}
	for p, s := range strong {
		at := [2]byte{p[0], p[1]}
		starts[p[0]] = true
		m[at] = append(m[at], phrase{p, s})
	}
	return m, starts
}()

var (
	answerPrefix = regexp.MustCompile(`^(\s*(\[[^\]]{0,60}\]|\([^)]{0,60}\)|\*+|[\p{L}]{1,4}(\[\d+\]|\(\d+\))?\s?[:：])\s*)+`)
	nextPrefix   = regexp.MustCompile(`^\s*([\p{L}]{1,4}(\[\d+\])?\s?[:：]|\[|\d|"|“|„|«)`)
	untilWord    = regexp.MustCompile(`^\s*(until|till|from|bis|vom|ab|jusqu|du|au|hasta|del|al|fino|dal|tot|van|t/m|até|de|do|od|с|до|по|з|від|od|tól|från|till|fra|til|asti|kadar)(\s|\b)`)
)

// toBe are the words before a phrase in a sentence: "Ann is out of the office".
var toBe = regexp.MustCompile(`(^|\s)(is|am|i'm|i’m|be|currently|ist|bin|bin ich|derzeit|est|suis|está|estoy|estou|é|è|sono|ben|jest|jestem|är|er|on|olen|jag är|será|soy)\s*$`)

// outOfOffice says that a subject looks like an out-of-office answer in one of the
// 20 languages. A person may well write *about* such answers, so that a phrase must
// stand where programs put it: first or last, and cut off from other words.
func outOfOffice(subject string) bool {
	s := strings.ToLower(strings.Join(strings.Fields(subject), " "))
	if len(s) > 1000 {
		s = s[:1000]
	}
	found, stands := awayIn(s)
	if !found || stands {
		return stands
	}
	// A short phrase looks like a prefix itself.
	_, stands = awayIn(answerPrefix.ReplaceAllString(s, ""))
	return stands
}

// awayIn looks for a phrase, and for one that stands where programs put it.
func awayIn(s string) (found, standing bool) {
	for i := 0; i+1 < len(s); i++ {
		if !awayStarts[s[i]] || i > 0 && letter(s[i]) && letter(s[i-1]) {
			continue
		}
		for _, p := range away[[2]byte{s[i], s[i+1]}] {
			if !strings.HasPrefix(s[i:], p.text) {
				continue
			}
			if found = true; stands(s, i, i+len(p.text), p.strong) {
				return true, true
			}
		}
	}
	return found, false
}

// stands says that the phrase s[i:j] is where programs put it.
func stands(s string, i, j int, strong bool) bool {
	if r, _ := utf8.DecodeLastRuneInString(s[:i]); i > 0 && unicode.IsLetter(r) && !cjk(s[i:]) {
		return false
	}
	if r, _ := utf8.DecodeRuneInString(s[j:]); j < len(s) && unicode.IsLetter(r) && !cjk(s[i:]) {
		return false
	}
	before, after := strings.TrimSpace(s[:i]), strings.TrimLeft(s[j:], " ")
	if !strong {
		return before == "" && (after == "" || strings.HasPrefix(after, ":") || strings.HasPrefix(after, "："))
	}
	begins := before == "" || strings.ContainsAny(before[len(before)-1:], ":-)]([|\"'*") || strings.HasSuffix(before, "–") || strings.HasSuffix(before, "：") || toBe.MatchString(before)
	ends := after == "" || strings.ContainsAny(after[:1], ":.!(-[|)]*,\"'=") || strings.HasPrefix(after, "–") || strings.HasPrefix(after, "：") ||
		strings.HasPrefix(after, "—") || strings.HasPrefix(after, "。") || strings.HasPrefix(after, "（") || nextPrefix.MatchString(after) || untilWord.MatchString(after)
	return begins && ends
}

// letter says that an octet is an ASCII letter; phrases do not begin inside a word.
func letter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

func cjk(s string) bool { r, _ := utf8.DecodeRuneInString(s); return r >= 0x2E80 }

// receiptSubject says that a subject is one of a read receipt.
func receiptSubject(subject string) bool {
	s := strings.ToLower(subject)
	for _, p := range []string{"read:", "not read:", "gelesen:", "ungelesen:", "nicht gelesen:", "lu :", "lu:", "non lu", "leído:", "no leído:", "letto:", "non letto:", "gelezen:", "lida:", "lido:",
		"przeczytano:", "прочтено:", "прочитано:", "přečteno:", "elolvasva:", "läst:", "läst:", "læst:", "lest:", "luettu:", "okundu:", "已读", "開封済み", "읽음:"} {
		if strings.HasPrefix(s, p) {
			return true
		}
	}
	return false
}
