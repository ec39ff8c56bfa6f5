package tickets

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// thankWords say thanks in the 20 languages; one of them makes a thank-you.
var thankWords = strings.Fields(`thanks thank thx ty cheers danke dank dankeschön dankeschoen merci gracias grazie bedankt dankjewel
	obrigado obrigada dziękuję dziekuje dzięki dzieki спасибо благодарю дякую спасибі děkuji děkuju díky dekuji diky köszönöm koszonom köszi
	tack tak takk kiitos kiitti teşekkürler tesekkurler teşekkür sağol sağolun 谢谢 謝謝 感谢 感謝 多谢 多謝 ありがとう 감사합니다 고맙습니다 감사`)

// thankFillers are the words around them that ask for nothing.
var thankFillers = strings.Fields(`you very much so a lot many million again all for your the help it works now great perfect super ok okay best kind regards
	vielen herzlichen besten lieben schön sehr für die ihre deine hilfe ihnen dir es klappt jetzt funktioniert prima grüße gruß freundlichen mit
	beaucoup mille pour votre aide bien muchas mil por su ayuda todo molte tante per il suo aiuto hartelijk voor uw je hulp u wel
	muito pela sua ajuda bardzo za pomoc большое за помощь очень вам дуже допомогу вам moc za pomoc mockrát szépen a segítséget nagyon
	så mycket för hjälpen tusen mange for hjelpen hjælpen tusind paljon avusta ederim çok yardımınız için
	你 您 了 非常 的 帮助 啦 ございます ございました 助かりました どうも 정말 대단히 도와주셔서`)

// thankful reports whether a reply says thanks and nothing else: at most twelve
// words, no question, no number; up to three names may stand in it. It is what does
// not reopen a ticket, so that in doubt the answer is no.
func thankful(reply string) bool {
	if len(reply) > 200 || strings.ContainsAny(reply, "?？0123456789") {
		return false
	}
	words := strings.FieldsFunc(reply, func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsMark(r) })
	thanks, names := 0, 0
	for _, w := range words {
		switch low := strings.ToLower(w); {
		case slices.Contains(thankWords, low):
			thanks++
		case slices.Contains(thankFillers, low):
		case unspaced(low):
			thanks++
		case thanks > 0 && unicode.IsUpper(firstRune(w)):
			names++ // "Thanks, Bob" and "Thanks! Ann Smith", never "Printer broken, thanks"
		default:
			return false
		}
	}
	return thanks > 0 && names <= 3 && len(words) <= 12
}

// unspaced: a run of a script without spaces that is made of such words alone.
func unspaced(run string) bool {
	if firstRune(run) < 0x2E80 {
		return false
	}
	thanks := false
	for run != "" {
		cut := func(w string) bool { return strings.HasPrefix(run, w) }
		if i := slices.IndexFunc(thankWords, cut); i >= 0 {
			run, thanks = run[len(thankWords[i]):], true
		} else if i := slices.IndexFunc(thankFillers, cut); i >= 0 {
			run = run[len(thankFillers[i]):]
		} else {
			return false
		}
	}
	return thanks
}

func firstRune(s string) rune {
	r, _ := utf8.DecodeRuneInString(s)
	return r
}
