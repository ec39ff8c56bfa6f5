package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"

	"postern/mailin"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// waiting looks for a probe where it must arrive. look returns "" while it is not there.
type waiting struct {
	look func(context.Context) (string, error)
	stop func()
}

// awaitProbe makes ready for a probe before it is sent.
func awaitProbe(ctx context.Context, cfg Config, w *world, p authProbe) (waiting, error) {
	if p.source.mailbox != nil {
		return awaitInMailbox(ctx, *p.source.mailbox, w, p)
	}
	if wait, err := awaitAtListener(cfg, w, p); err == nil {
		return wait, nil
	}
	return awaitInDatabase(ctx, cfg, p) // a gateway is listening there
}

// awaitInMailbox looks into the folder and, since a gateway may have handled the mail
// already, into the done folder. It only looks.
func awaitInMailbox(ctx context.Context, m MailboxConfig, w *world, p authProbe) (waiting, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return waiting{}, err
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	end := func() { stop(); conn.Close() }
	c, err := greet(conn, m, w.roots)
	if err == nil {
		err = logIn(c, m)
	}
	if err != nil {
		end()
		return waiting{}, fmt.Errorf("%s: %w", m.Server, err)
	}
	return waiting{stop: end, look: func(ctx context.Context) (string, error) {
		for _, folder := range []string{m.Folder, m.DoneFolder} {
			raw, err := searchFolder(c, folder, p.id)
			if ctx.Err() != nil {
				return "", ctx.Err()
			}
			if raw != "" || err != nil && folder == m.Folder {
				return raw, err
			}
		}
		return "", nil
	}}, nil
}

// searchFolder fetches the message with a Message-ID; "" when it is not there.
func searchFolder(c *imapclient.Client, folder, id string) (string, error) {
	if folder == "" {
		return "", nil
	}
	if _, err := c.Select(folder, &imap.SelectOptions{ReadOnly: true}).Wait(); err != nil {
		return "", fmt.Errorf("folder %s: %w", folder, err)
	}
	found, err := c.UIDSearch(&imap.SearchCriteria{Header: []imap.SearchCriteriaHeaderField{{Key: "Message-ID", Value: id}}}, nil).Wait()
	if err != nil || len(found.AllUIDs()) == 0 {
		return "", err
	}
	section := &imap.FetchItemBodySection{Peek: true}
	got, err := c.Fetch(imap.UIDSetNum(found.AllUIDs()[0]), &imap.FetchOptions{BodySection: []*imap.FetchItemBodySection{section}}).Collect()
	if err != nil || len(got) == 0 {
		return "", err
	}
	return string(got[0].FindBodySection(section)), nil
}

// awaitAtListener listens in the gateway's place while none does. Every mail but the probe
// is put off (451), so that the sender brings it again to the gateway.
func awaitAtListener(cfg Config, w *world, p authProbe) (waiting, error) {
	l := p.source.listener
	spool, err := os.MkdirTemp("", "postern-check-")
	if err != nil {
		return waiting{}, err
	}
	dir, err := mailin.OpenSpool(filepath.Join(spool, "spool"))
	if err != nil {
		os.RemoveAll(spool)
		return waiting{}, err
	}
	arrived := make(chan string, 1)
	settings := cfg.Settings()
	lc := mailin.ListenerConfig{
		Name: l.Name, Network: "tcp", Addr: l.Address, LMTP: l.Protocol == "lmtp", Role: tickets.Role(l.Role),
		Hostname: or(l.Hostname, machineName()), MaxSize: 1 << 20, Spool: dir, Log: slog.New(slog.DiscardHandler), Now: w.now,
		Recipient: func(addr string) (bool, error) {
			if !tickets.SameAddress(addr, p.to) && !settings.OwnAddress(addr) {
				return false, errNotServing
			}
			return true, nil
		},
		Accept: func(_ context.Context, _ tickets.Arrival, raw tickets.Raw) error {
			text, err := io.ReadAll(io.NewSectionReader(raw, 0, raw.Size()))
			if err != nil || !strings.Contains(string(text), "<"+p.id+">") {
				return errNotServing
			}
			arrived <- string(text)
			return nil
		},
	}
	if path, unix := isUnix(l.Address); unix {
		lc.Network, lc.Addr = "unix", path
	}
	ear, err := mailin.NewListener(lc)
	if err != nil {
		os.RemoveAll(spool)
		return waiting{}, err
	}
	go ear.Serve(context.Background())
	stop := func() {
		late, cancel := context.WithTimeout(context.Background(), 5*time.Second)
		defer cancel()
		ear.Shutdown(late)
		os.RemoveAll(spool)
	}
	return waiting{stop: stop, look: func(context.Context) (string, error) {
		select {
		case raw := <-arrived:
			return raw, nil
		default:
			return "", nil
		}
	}}, nil
}

// errNotServing puts mail off that came while only a probe is waited for.
var errNotServing = fmt.Errorf("only a check is running here: %w", errUnavailable)

// awaitInDatabase looks at what the running gateway of the listener has taken.
func awaitInDatabase(ctx context.Context, cfg Config, p authProbe) (waiting, error) {
	db, err := openDatabase(ctx, cfg, true)
	if err != nil {
		return waiting{}, err
	}
	return waiting{stop: func() { db.Close() }, look: func(ctx context.Context) (string, error) {
		all, err := db.ListArrivals(ctx, ticketdb.ArrivalFilter{Source: p.source.listener.Name, Limit: 200})
		if err != nil {
			return "", err
		}
		for _, a := range all {
			if a.Result.MessageID != p.id {
				continue
			}
			raw, err := db.Raw(ctx, a.Arrival.ID)
			if err != nil {
				return "", err
			}
			text, err := io.ReadAll(io.NewSectionReader(raw, 0, raw.Size()))
			return string(text), err
		}
		return "", nil
	}}, nil
}
