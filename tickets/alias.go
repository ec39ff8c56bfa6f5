package tickets

import (
	"slices"
	"strings"
)

// writtenTo is the further address of the queue that a mail was written to; "" when it was
// the queue's first, or none that we know of. To and Cc say what its writer saw, which a
// mail server may have turned into another before us; a blind copy is in the envelope.
func (w *work) writtenTo(q Queue) string {
	if w.behalf != nil {
		return "" // an agent wrote there, not the requester
	}
	return q.further(slices.Concat(addressesOf(w.msg.To), addressesOf(w.msg.Cc), w.arrival.To, w.msg.DeliveredTo))
}

// further is the first of the addresses that is one of the queue's, as the configuration
// spells it, with or without a plus part; "" when that is the queue's own.
func (q Queue) further(addrs []string) string {
	for _, addr := range addrs {
		local, domain, _ := cutAddress(addr)
		base, _, _ := strings.Cut(local, "+")
		i := slices.IndexFunc(q.Addresses, func(a string) bool { return SameAddress(a, addr) || SameAddress(a, base+"@"+domain) })
		if i >= 0 {
			if i == 0 {
				return ""
			}
			return q.Addresses[i]
		}
	}
	return ""
}

// speaking is the queue with one of its addresses put first, where From is taken from;
// the queue as it is when the address is not, or no longer, one of its own.
func (q Queue) speaking(address string) Queue {
	i := slices.IndexFunc(q.Addresses, func(a string) bool { return SameAddress(a, address) })
	if i > 0 {
		rest := slices.Delete(slices.Clone(q.Addresses), i, i+1)
		q.Addresses = append([]string{q.Addresses[i]}, rest...)
	}
	return q
}
