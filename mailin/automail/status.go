package automail

import "strings"

// A cause is a status that can be told from the words of a server, when it sends
// no code or a general one.
type cause struct {
	status string // without its class
	words  []string
}

// causes are asked in this order.
var causes = []cause{
	{"2.2", []string{"quota", "mailbox full", "mailbox is full", "over quota", "overquota", "exceeded storage", "inbox is full", "inbox full", "mailbox size", "not enough space", "insufficient storage", "storage space", "out of storage",
		"postfach voll", "postfach ist voll", "speicherplatz", "boîte pleine", "boîte de réception est pleine", "buzón lleno", "casella piena", "casella postale piena", "mailbox vol", "caixa cheia", "caixa de correio cheia", "skrzynka pełna", "przepełnion",
		"переполнен", "ящик полон", "переповнен", "schránka je plná", "megtelt", "full brevlåda", "邮箱已满", "空间不足", "容量", "용량"}},
	{"1.1", []string{"user unknown", "unknown user", "no such user", "does not exist", "doesn't exist", "not exist", "unknown recipient", "recipient unknown", "recipient not found", "address not found", "no mailbox", "mailbox unavailable", "mailbox not found",
		"unknown address", "not listed in", "invalid recipient", "no such recipient", "wasn't found", "could not be found", "couldn't be found", "unrouteable", "address rejected", "unknown local", "unbekannt", "existiert nicht", "nicht gefunden", "n'existe pas", "inconnu",
		"no existe", "desconocid", "sconosciut", "non esiste", "bestaat niet", "onbekend", "não existe", "desconhecid", "nie istnieje", "nieznany", "не существует", "не найден", "неизвест", "не існує", "не знайдено", "neexistuje", "neznám", "nem létezik", "ismeretlen",
		"finns inte", "findes ikke", "finnes ikke", "ukendt", "ukjent", "okänd", "ei ole olemassa", "tuntematon", "bulunamadı", "mevcut değil", "不存在", "無此", "無效", "見つかりません", "존재하지"}},
	{"1.2", []string{"domain not found", "host not found", "no mx", "unable to look up", "host unknown", "name service error", "domain does not", "unrouteable mail domain", "no route"}},
	{"7.1", []string{"spam", "blocked", "blacklist", "blocklist", "access denied", "not permitted", "rejected for policy", "policy", "administrative prohibition", "message rejected", "listed", "dmarc", "abgelehnt", "rejeté"}},
	{"3.4", []string{"too large", "message size", "size limit", "exceeds the maximum", "zu groß", "trop volumineux"}},
	{"4.7", []string{"timed out", "timeout", "retry time", "too long", "expired", "delivery time", "has been in the queue"}},
	{"4.1", []string{"connection refused", "no answer", "could not connect", "couldn't establish", "unable to connect"}},
}

// statusOf is the enhanced status (RFC 3463) that a server's words mean; "" for none.
func statusOf(words, action string) string {
	found := enhanced.FindString(words)
	class := "5"
	if f := reply.FindStringSubmatch(words); f != nil {
		class = f[1][:1]
	} else if found != "" {
		class = found[:1]
	} else if action == "delayed" {
		class = "4"
	}
	if found != "" && !strings.HasSuffix(found, ".0.0") {
		return found
	}
	low := strings.ToLower(words)
	for _, c := range causes {
		for _, w := range c.words {
			if strings.Contains(low, w) {
				return class + "." + c.status
			}
		}
	}
	if found != "" {
		return found
	}
	if low == "" {
		return ""
	}
	return class + ".0.0"
}

// delaying are the words of a report that the mail still waits; final ones win.
var (
	delaying = []string{"delayed", "delay ", "has not yet been", "not yet been delivered", "could not be delivered yet", "warning only", "will be retried", "will retry", "will keep trying", "will continue to", "still trying", "retrying", "temporary problem", "transient non-fatal",
		"warning: message", "warning: could", "delivery incomplete", "verzöger", "retard", "retras", "demora", "ritard", "vertraagd", "atrasad", "opóźni", "задерж", "затрим", "zpožd", "késleltet", "késik", "fördröj", "försen", "forsink", "viiväst", "gecik", "延迟", "延遲", "遅延", "遅れ", "지연"}
	final = []string{"permanent", "giving up", "gave up", "given up", "no longer", "has been returned", "i've given up", "failed permanently", "fatal errors", "could not be delivered to one or more", "undeliverable", "returned to sender", "address not found", "endgültig", "définitive"}
	// negated are final words that a warning uses.
	negated = []string{"no action is required", "do not need to resend", "warning only", "you do not need", "transient non-fatal", "delivery incomplete", "not yet been delivered", "will be retried", "will retry for"}
)

// textAction tells failed from delayed in a report without an action.
func textAction(text string) string {
	low := strings.ToLower(text)
	switch {
	case containsAny(low, negated):
		return "delayed"
	case containsAny(low, final):
		return "failed"
	case containsAny(low, delaying):
		return "delayed"
	}
	return "failed" // even with a soft code: a report that does not speak of waiting gave up
}

func containsAny(s string, words []string) bool {
	for _, w := range words {
		if strings.Contains(s, w) {
			return true
		}
	}
	return false
}
