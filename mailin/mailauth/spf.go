package mailauth

import (
	"context"
	"net/netip"
	"strings"

	"blitiri.com.ar/go/spf"
)

// checkSPF asks whether the peer may send for the envelope's sender.
func checkSPF(ctx context.Context, dns *bounded, env Envelope) SPF {
	peer, err := netip.ParseAddr(env.Peer)
	if err != nil || env.From == nil {
		return SPF{Result: None, Why: "the envelope is not known"}
	}
	out := SPF{Domain: ascii(domainOf(*env.From))}
	local, _, found := strings.Cut(*env.From, "@")
	if *env.From == "" { // RFC 7208, section 2.4
		out.Domain, out.Helo = ascii(env.Helo), true
	}
	if !found || strings.Contains(local, `"`) {
		// The library cuts at the first @; a quoted one must not choose the domain.
		local = "postmaster"
	}
	if out.Domain == "" {
		out.Result, out.Why = None, "the sender has no domain"
		return out
	}
	result, err := spf.CheckHostWithSender(peer.Unmap().AsSlice(), ascii(env.Helo), local+"@"+out.Domain, spf.WithContext(ctx), spf.WithResolver(dns))
	out.Result = Result(result)
	if err != nil && out.Result != Pass {
		out.Why = cause(err)
	}
	return out
}
