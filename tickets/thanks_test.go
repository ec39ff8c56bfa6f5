package tickets

import "testing"

// A thank-you in the 20 languages does not reopen; anything that may be more does.
func TestThankful(t *testing.T) {
	for _, s := range []string{"Thanks!", "Thank you very much.", "thx", "Thanks a lot, Bob!\n\nAnn Smith", "Vielen Dank für Ihre Hilfe!", "Danke :-)",
		"Merci beaucoup", "¡Muchas gracias!", "Grazie mille!", "Hartelijk bedankt", "Muito obrigada!", "Dziękuję bardzo", "Спасибо большое!", "Дуже дякую",
		"Děkuji moc", "Köszönöm szépen!", "Tack så mycket", "Mange tak", "Tusen takk!", "Kiitos paljon", "Çok teşekkür ederim", "谢谢！", "非常感谢您的帮助",
		"ありがとうございました。", "정말 감사합니다!", "It works now, thanks 👍"} {
		if !thankful(s) {
			t.Errorf("%q is no thank-you", s)
		}
	}
	for _, s := range []string{"", "It burns again.", "Thanks, but it burns again.", "Printer broken, thanks", "Thanks. When will it be ready?", "Danke, aber es geht nicht",
		"Thanks, room 4", "No thanks", "Merci, ça ne marche pas", "谢谢，但是打印机坏了", "Bob", "ok", "Thanks for nothing", "Thanks Ann Bob Carl Dora"} {
		if thankful(s) {
			t.Errorf("%q is no mere thank-you", s)
		}
	}
}
