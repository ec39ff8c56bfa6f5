package main

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"fmt"
	"net"

	"github.com/emersion/go-imap/v2"
	"github.com/emersion/go-imap/v2/imapclient"
	"github.com/emersion/go-sasl"
)

// checkMailbox logs in, opens the folder to look only, and asks for the done folder.
// It changes nothing. The client library knows no timeouts, so the end of ctx
// closes the connection.
func checkMailbox(ctx context.Context, m MailboxConfig, roots *x509.CertPool) (string, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return "", fmt.Errorf("%s: %w (is the address right, and does a firewall let us out?)", m.Server, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { conn.Close() })()
	c, err := greet(conn, m, roots)
	if err != nil {
		return "", fmt.Errorf("%s, tls: %s: %w", m.Server, m.TLS, err)
	}
	if err := logIn(c, m); err != nil {
		return "", fmt.Errorf("%s: login %s: %w", m.Server, m.Login, err)
	}
	text, err := folders(c, m)
	if err == nil {
		c.Logout().Wait()
	}
	return text, err
}

// greet protects the connection and waits for the greeting.
func greet(conn net.Conn, m MailboxConfig, roots *x509.CertPool) (*imapclient.Client, error) {
	host, _, err := net.SplitHostPort(m.Server)
	if err != nil {
		return nil, err
	}
	cfg := &tls.Config{ServerName: host, RootCAs: roots, MinVersion: tls.VersionTLS12}
	var c *imapclient.Client
	switch m.TLS {
	case "starttls":
		if c, err = imapclient.NewStartTLS(conn, &imapclient.Options{TLSConfig: cfg}); err != nil {
			return nil, err
		}
	case "none":
		c = imapclient.New(conn, nil)
	default:
		c = imapclient.New(tls.Client(conn, cfg), nil)
	}
	return c, c.WaitGreeting()
}

func logIn(c *imapclient.Client, m MailboxConfig) error {
	password := m.Password.Reveal()
	if other := actingFor(m, func() (string, error) { return password, nil }); other != nil {
		client, err := other()
		if err != nil {
			return err
		}
		return c.Authenticate(client)
	}
	if c.Caps().Has(imap.AuthCap(sasl.Plain)) {
		return c.Authenticate(sasl.NewPlainClient("", m.Login, password))
	}
	return c.Login(m.Login, password).Wait()
}

// folders opens the folder that is read and looks for the other.
func folders(c *imapclient.Client, m MailboxConfig) (string, error) {
	box, err := c.Select(m.Folder, &imap.SelectOptions{ReadOnly: true}).Wait()
	if err != nil {
		return "", fmt.Errorf("folder %s: %w", m.Folder, err)
	}
	text := fmt.Sprintf("%s, %s: %s", m.Server, m.Folder, plural(int(box.NumMessages), "message"))
	if !c.Caps().Has(imap.CapIdle) {
		text += ", no IDLE: new mail is noticed at the next poll"
	}
	if m.DoneFolder == "" {
		return text, nil
	}
	if !c.Caps().Has(imap.CapMove) && !c.Caps().Has(imap.CapUIDPlus) {
		return "", fmt.Errorf("done_folder %s: the server knows neither MOVE nor UIDPLUS, so mail cannot be moved safely; leave done_folder out", m.DoneFolder)
	}
	found, err := c.List("", m.DoneFolder, nil).Collect()
	if err == nil && len(found) == 0 {
		text += ", " + m.DoneFolder + " will be made"
	}
	return text, err
}
