package mailin

import (
	"fmt"
	"strconv"
	"time"

	"postern/tickets"
)

// arrival describes a message to the desk.
func (p *Poller) arrival(at tickets.Cursor, got *fetched, m meta, limit int64) tickets.Arrival {
	a := tickets.Arrival{
		Key: imapKey(at), Via: tickets.ViaIMAP, Role: tickets.RoleMailbox, Source: p.Account,
		TLS: p.Mode != TLSNone, Queue: p.Queue, Trust: p.Trust, Cursor: &at,
		Size: got.spool.Size(), SHA256: got.spool.SHA256(), At: p.Now(),
	}
	a.Quiet = p.quiet(a.At, got.scan, m)
	if limit > 0 && got.spool.Size() >= limit {
		whole := "more than " + strconv.FormatInt(p.MaxSize, 10)
		if m.size > 0 {
			whole = strconv.FormatInt(m.size, 10)
		}
		a.Defects = append(a.Defects, "cut: "+whole+" octets")
	}
	return a
}

// imapKey names one observation in a mailbox.
func imapKey(c tickets.Cursor) string {
	return fmt.Sprintf("imap:%q/%q/%d/%d", c.Account, c.Mailbox, c.UIDValidity, c.UID)
}

// quiet says why nothing may be mailed because of an old message. Either date makes
// it old: the server's, which a restored mailbox renews, or that of the header.
func (p *Poller) quiet(now time.Time, scan *headScan, m meta) string {
	if !m.at.IsZero() && now.Sub(m.at) > p.QuietAge {
		return "it lay in the mailbox since " + m.at.UTC().Format(time.RFC3339)
	}
	if at, ok := scan.arrived(); ok && now.Sub(at) > p.QuietAge {
		return "it arrived first at " + at.UTC().Format(time.RFC3339)
	}
	return ""
}
