package mailauth

import (
	"context"
	"errors"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// counting counts the TXT look-ups.
type counting struct {
	Resolver
	asked int
}

func (c *counting) LookupTXT(ctx context.Context, name string) ([]string, error) {
	c.asked++
	return c.Resolver.LookupTXT(ctx, name)
}

// silent never answers.
type silent struct{ Resolver }

func (silent) LookupTXT(ctx context.Context, _ string) ([]string, error) {
	<-ctx.Done()
	return nil, ctx.Err()
}

// A DNS that never answers costs ten seconds and is temperror (INV-H5, FLT-68).
func TestINV_H5_silent_DNS(t *testing.T) {
	msg := sign(t, letter)
	for range 8 {
		msg = sign(t, msg)
	}
	from := "bob@example.org"
	synctest.Test(t, func(t *testing.T) {
		start := time.Now()
		r := Verify(t.Context(), strings.NewReader(msg), Envelope{Peer: "192.0.2.1", From: &from}, silent{}, now)
		if took := time.Since(start); took > lookupTime {
			t.Errorf("took %s", took)
		}
		for _, s := range r.DKIM {
			if s.Result != TempError {
				t.Errorf("dkim=%s (%s)", s.Result, s.Why)
			}
		}
		if len(r.DKIM) != 5 || r.SPF.Result != TempError || r.DMARC.Result != TempError {
			t.Error(line(r))
		}
	})
}

// hostile answers with an error that tells of our inside.
type hostile struct{ Resolver }

func (hostile) LookupTXT(context.Context, string) ([]string, error) {
	return nil, errors.New("dial udp 10.0.0.53:53: refused")
}

func TestINV_H5_broken_DNS(t *testing.T) {
	for name, dns := range map[string]Resolver{"an error": hostile{}, "no resolver": nil} {
		r := verify(t, sign(t, letter), dns)
		if r.DKIM[0].Result != TempError || r.DMARC.Result != TempError {
			t.Errorf("%s: %s", name, line(r))
		}
		if strings.Contains(line(r), "10.0.0.53") {
			t.Errorf("%s tells our inside: %s", name, line(r))
		}
	}
}

// broken is a message that cannot be read to its end.
type broken struct{ io.ReaderAt }

func (b broken) ReadAt(p []byte, off int64) (int, error) {
	if off > 10 {
		return 0, errors.New("disk")
	}
	return b.ReaderAt.ReadAt(p[:min(len(p), 20)], off)
}

func (broken) Size() int64 { return 1 << 20 }

func TestVerify_unreadable(t *testing.T) {
	r := Verify(t.Context(), broken{strings.NewReader(sign(t, letter))}, Envelope{}, world(t), now)
	if r.From != "" || r.DMARC.Result == Pass {
		t.Error(line(r))
	}
}

// long is a message of one signed line and a body that is made when it is read.
type long struct {
	head string
	fill string // two octets
	size int64
}

func (l long) Size() int64 { return int64(len(l.head)) + l.size }

func (l long) ReadAt(p []byte, off int64) (int, error) {
	n := int(max(0, min(int64(len(p)), l.Size()-off)))
	for i := range p[:n] {
		p[i] = l.fill[(off+int64(i))%2]
	}
	if off < int64(len(l.head)) {
		copy(p[:n], l.head[off:])
	}
	if last := l.Size() - 3 - off; last >= 0 && last < int64(n) {
		p[last] = 'y'
	}
	if n < len(p) {
		return n, io.EOF
	}
	return n, nil
}

// 50 MB with five signatures, of text or of blank lines, stay in bounded memory and time.
func TestVerify_50MB(t *testing.T) {
	head, _, _ := strings.Cut(letter, "\r\n\r\n")
	for name, c := range map[string]string{"text": "xy", "blank lines": "\r\n", "blanks": "  "} {
		msg := head + "\r\n\r\n"
		for range 4 {
			msg = sign(t, msg, simple)
		}
		raw := long{sign(t, msg), c, 50 << 20}
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		start := time.Now()
		r := Verify(t.Context(), raw, Envelope{}, world(t), now)
		took := time.Since(start)
		runtime.ReadMemStats(&after)
		if got := after.TotalAlloc - before.TotalAlloc; got > 4<<20 {
			t.Errorf("%s: %d octets of memory", name, got)
		}
		if took > time.Minute { // time that grows with the square would be hours
			t.Errorf("%s: %s", name, took)
		}
		t.Logf("%s: %s", name, took)
		if len(r.DKIM) != 5 || r.DKIM[0].Why != "the body was changed" {
			t.Error(line(r))
		}
	}
}

// Headers that cost more than they are worth are not verified, and quickly so.
func TestVerify_large_headers(t *testing.T) {
	start := time.Now()
	for name, msg := range map[string]string{
		"2 MiB":         sign(t, "X: "+strings.Repeat("x", 2<<20)+"\r\n"+letter),
		"300 000 names": "DKIM-Signature: v=1; a=ed25519-sha256; d=example.org; s=ed; bh=; b=; h=from" + strings.Repeat(":a", 300_000) + "\r\n" + strings.Repeat("a:\r\n", 4000) + letter,
		"20 000 fields": sign(t, strings.Repeat("a:\r\n", 20_000)+letter),
		"one long line": strings.Repeat("x", 3<<20),
		"signatures":    strings.Repeat("DKIM-Signature: d=example.org; h=from:to:from\r\n", 4500) + letter,
	} {
		if r := verify(t, msg, world(t)); len(r.Signatures()) > 0 || r.DMARC.Result == Pass {
			t.Errorf("%s: %s", name, line(r))
		}
	}
	if took := time.Since(start); took > 5*time.Second {
		t.Errorf("took %s", took)
	}
}

// greedy makes every name an SPF record that asks for more names.
type greedy struct {
	Resolver
	asked int
}

func (g *greedy) LookupTXT(context.Context, string) ([]string, error) {
	g.asked++
	return []string{"v=spf1 mx mx mx mx mx mx mx mx mx include:a.example include:b.example -all"}, nil
}

func (g *greedy) LookupMX(context.Context, string) ([]*net.MX, error) {
	g.asked++
	var out []*net.MX
	for range 10 {
		out = append(out, &net.MX{Host: "mx.example."})
	}
	return out, nil
}

func (g *greedy) LookupIPAddr(context.Context, string) ([]net.IPAddr, error) {
	g.asked++
	return []net.IPAddr{{IP: net.IPv4(192, 0, 2, 9)}}, nil
}

func TestVerify_greedy_DNS(t *testing.T) {
	g, from := &greedy{}, "bob@example.org"
	r := Verify(t.Context(), strings.NewReader(sign(t, letter)), Envelope{Peer: "192.0.2.1", From: &from}, g, now)
	if g.asked > maxLookups || r.SPF.Result == Pass {
		t.Errorf("%d look-ups: %s", g.asked, line(r))
	}
}

// Signatures that cannot pass take no place of one that can, however many they are
// and whomever they name.
func TestVerify_hopeless_signatures_hide_nothing(t *testing.T) {
	z := world(t)
	msg := sign(t, letter)
	for _, fake := range []string{
		"d=example.org; h=from; b=x",
		"v=1; a=rsa-sha256; d=example.org; s=x; h=to; bh=x; b=x",
		"v=1; a=rsa-sha256; d=EXAMPLE.org; s=x; l=0; h=from; bh=x; b=x",
		";;",
	} {
		if r := verify(t, strings.Repeat("DKIM-Signature: "+fake+"\r\n", 300)+msg, z); r.DMARC.Result != Pass || r.Found != 301 {
			t.Errorf("%q hides it: %s, %d found", fake, line(r), r.Found)
		}
	}
}
