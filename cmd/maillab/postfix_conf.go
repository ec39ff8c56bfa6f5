package maillab

import (
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"sort"
	"strings"
	"text/template"
	"time"
)

// configure writes main.cf, master.cf and the tables they name.
func (p *PostfixServer) configure(ca *Authority, o PostfixOptions) error {
	etc := filepath.Join(p.dir, "etc")
	data := map[string]any{"Dir": p.dir, "Etc": etc, "CA": ca, "O": o, "Relay": relayDomains(o),
		"Domains": strings.Join(o.Domains, " "), "SMTP": p.SMTP, "Submission": p.Submission}
	files := map[string]string{"transport": transports(o), "stamps": stamps(o), "strip": strip(o.Hostname)}
	for name, tmpl := range map[string]*template.Template{"main.cf": mainCF, "master.cf": masterCF} {
		var b strings.Builder
		if err := tmpl.Execute(&b, data); err != nil {
			return fmt.Errorf("writing %s: %w", name, err)
		}
		files[name] = b.String()
	}
	// Postfix waits until main.cf is two seconds old, lest it read half a file.
	old := time.Now().Add(-time.Minute)
	for name, text := range files {
		path := filepath.Join(etc, name)
		if err := errors.Join(os.WriteFile(path, []byte(text), 0o644), os.Chtimes(path, old, old)); err != nil {
			return fmt.Errorf("writing the configuration of Postfix: %w", err)
		}
	}
	return nil
}

// transports is the regexp table of recipients handed over.
func transports(o PostfixOptions) string {
	var b strings.Builder
	for _, h := range o.Handover {
		// Postfix's tables end a pattern at a slash.
		pattern := strings.ReplaceAll(regexp.QuoteMeta(h.Pattern), `\*`, `.*`)
		fmt.Fprintf(&b, "/^%s$/ %s\n", strings.ReplaceAll(pattern, "/", `\/`), h.Next)
	}
	return b.String()
}

// relayDomains lists the domains of handovers that are not delivered to Dovecot.
func relayDomains(o PostfixOptions) string {
	var list []string
	for _, h := range o.Handover {
		_, domain, _ := strings.Cut(h.Pattern, "@")
		known := false
		for _, d := range append(list, o.Domains...) {
			known = known || strings.EqualFold(d, domain)
		}
		if !known && !strings.Contains(domain, "*") {
			list = append(list, domain)
		}
	}
	return strings.Join(list, " ")
}

// stamps is the table from login to the header put on top.
func stamps(o PostfixOptions) string {
	if o.Dovecot == nil {
		return ""
	}
	var lines []string
	for login := range o.Dovecot.Users {
		text, set := o.Stamps[login]
		if !set {
			text = Stamp(o.Hostname, login)
		}
		if text != "" {
			lines = append(lines, login+" PREPEND "+text+"\n")
		}
	}
	sort.Strings(lines)
	return strings.Join(lines, "")
}

// strip removes our own Authentication-Results from strangers' mail: the
// authserv-id may be followed by a version, a comment, a semicolon or the end.
func strip(hostname string) string {
	return `/^Authentication-Results:[[:space:]]*"?` + regexp.QuoteMeta(hostname) + `"?([[:space:];(]|$)/ IGNORE` + "\n"
}

func port(addr string) string {
	_, p, _ := net.SplitHostPort(addr)
	return p
}

var mainCF = template.Must(template.New("main.cf").Parse(`
compatibility_level = 3.6
command_directory = /usr/sbin
daemon_directory = ` + postfixDaemons + `
shlib_directory = /usr/lib/postfix
queue_directory = {{.Dir}}/queue
data_directory = {{.Dir}}/data
mail_owner = postfix
setgid_group = postdrop
maillog_file = {{.Dir}}/mail.log
maillog_file_prefixes = {{.Dir}}
syslog_name = maillab

myhostname = {{.O.Hostname}}
mydomain = {{.O.Hostname}}
myorigin = {{.O.Hostname}}
mydestination =
mynetworks =
inet_interfaces = 127.0.0.1
inet_protocols = ipv4

# Nothing leaves this machine, nothing is looked up.
disable_dns_lookups = yes
smtp_host_lookup = native
smtpd_peername_lookup = no
default_transport = error:5.1.2 maillab knows no way to this domain
local_transport = error:5.1.1 no local users
local_recipient_maps =
alias_maps =
alias_database =

# Nothing is rewritten or added.
local_header_rewrite_clients =
append_dot_mydomain = no
append_at_myorigin = yes
always_add_missing_headers = no

virtual_mailbox_domains = {{.Domains}}
virtual_mailbox_maps =
virtual_alias_maps =
{{with .O.Dovecot}}virtual_transport = lmtp:inet:{{.LMTP}}
{{end}}relay_domains = {{.Relay}}
relay_recipient_maps =
transport_maps = regexp:{{.Etc}}/transport
recipient_delimiter = +

smtpd_relay_restrictions = reject_unauth_destination
smtpd_tls_security_level = may
smtpd_tls_cert_file = {{.CA.CertFile}}
smtpd_tls_key_file = {{.CA.KeyFile}}
smtp_tls_security_level = none
lmtp_tls_security_level = none
smtpd_sasl_type = dovecot
{{with .O.Dovecot}}smtpd_sasl_path = {{.AuthSocket}}
{{end}}smtpd_sasl_security_options = noanonymous

message_size_limit = 83886080
mailbox_size_limit = 0
virtual_mailbox_limit = 0
header_size_limit = 1024000

# A test does not wait.
minimal_backoff_time = 1s
maximal_backoff_time = 1s
queue_run_delay = 1s
transport_retry_time = 1s
in_flow_delay = 0
smtpd_error_sleep_time = 0
smtpd_client_connection_count_limit = 0
smtpd_junk_command_limit = 10000
smtp_connection_cache_on_demand = no
{{.O.Extra}}
`))

var masterCF = template.Must(template.New("master.cf").Funcs(template.FuncMap{"port": port}).Parse(`
{{port .SMTP}} inet n - n - - smtpd
  -o cleanup_service_name=cleanup-outside
{{port .Submission}} inet n - n - - smtpd
  -o syslog_name=maillab/submission
  {{if .O.Dovecot}}-o smtpd_sasl_auth_enable=yes{{end}}
  -o smtpd_relay_restrictions=permit_sasl_authenticated,reject
  -o smtpd_sender_restrictions=check_sasl_access,texthash:{{.Etc}}/stamps
cleanup   unix n - n - 0 cleanup
cleanup-outside unix n - n - 0 cleanup
  -o header_checks=regexp:{{.Etc}}/strip
qmgr      unix n - n 300 1 qmgr
rewrite   unix - - n - - trivial-rewrite
bounce    unix - - n - 0 bounce
defer     unix - - n - 0 bounce
trace     unix - - n - 0 bounce
verify    unix - - n - 1 verify
flush     unix n - n 1000? 0 flush
proxymap  unix - - n - - proxymap
smtp      unix - - n - - smtp
lmtp      unix - - n - - lmtp
error     unix - - n - - error
retry     unix - - n - - error
discard   unix - - n - - discard
anvil     unix - - n - 1 anvil
scache    unix - - n - 1 scache
tlsmgr    unix - - n 1000? 1 tlsmgr
postlog   unix-dgram n - n - 1 postlogd
`))
