package main

import (
	"crypto/tls"
	"fmt"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"postern/tickets"
)

func (r *review) listeners() {
	r.unique("listeners", names(r.cfg.Listeners, func(l ListenerConfig) string { return l.Name }),
		func(i int) string { return at("listeners", i, "name") })
	for i := range r.cfg.Listeners {
		r.listener(at("listeners", i), &r.cfg.Listeners[i])
	}
}

func (r *review) listener(path string, l *ListenerConfig) {
	r.name(path, "listener", l.Name)
	if l.Role == "" {
		r.missing(path, "role is missing", "mx: strangers connect; mta: our own mail server does; submission: agents do")
	} else {
		r.oneOf(path+".role", &l.Role, string(tickets.RoleMX), string(tickets.RoleMTA), string(tickets.RoleSubmission))
	}
	r.oneOf(path+".protocol", &l.Protocol, "smtp", "lmtp")
	if r.required(path, "address", l.Address, "add: address: 127.0.0.1:2525, or unix:/run/postern/lmtp") {
		r.socket(path+".address", &l.Address)
	}
	if l.Hostname != "" {
		r.host(path+".hostname", l.Hostname)
	}
	r.certificate(path+".tls", l.TLS)
	r.rolesMatch(path, l)
	r.trusted(path, l)
	r.authOf(path, l)
	r.known(path+".queue", "queue", l.Queue, r.queueNames())
	r.trust(path+".trust", l.Trust)
	if l.Verify != nil && *l.Verify && l.Role == string(tickets.RoleSubmission) {
		r.say(path+".verify", "verify on a listener with role submission", "who submits there has logged in, or comes from a trusted network; remove the line")
	}
}

// isUnix reports whether an address is that of a Unix socket, and gives its path.
func isUnix(address string) (string, bool) { return strings.CutPrefix(address, "unix:") }

// socket reviews an address to listen on, and that nothing else listens there.
func (r *review) socket(path string, address *string) {
	if sock, unix := isUnix(*address); unix {
		r.unixSocket(path, sock)
	} else if !r.hostPort(path, *address) {
		return
	}
	if first, taken := r.sockets[*address]; taken {
		r.say(path, fmt.Sprintf("%s is used twice; the first is on line %d", *address, r.line(first)), "give one of them another port")
		return
	}
	r.sockets[*address] = path
}

// maxSocketPath is what Linux takes as the path of a Unix socket.
const maxSocketPath = 107

func (r *review) unixSocket(path, sock string) {
	switch info, err := os.Stat(filepath.Dir(sock)); {
	case !filepath.IsAbs(sock):
		r.say(path, fmt.Sprintf("the socket %q is not an absolute path", sock), "write unix:/run/postern/lmtp")
	case len(sock) > maxSocketPath:
		r.say(path, fmt.Sprintf("the path of a socket has at most %d characters; this has %d", maxSocketPath, len(sock)), "use a folder nearer to the root, such as /run/postern")
	case err != nil || !info.IsDir():
		r.say(path, filepath.Dir(sock)+": there is no such folder", "make it; postern makes only the socket")
	}
}

func (r *review) hostPort(path, address string) bool {
	host, port, err := net.SplitHostPort(address)
	if err != nil {
		r.say(path, fmt.Sprintf("%q is not an address to listen on", address), "write HOST:PORT, such as 127.0.0.1:2525, or unix:/PATH")
		return false
	}
	if n, err := strconv.ParseUint(port, 10, 16); err != nil || n == 0 {
		r.say(path, fmt.Sprintf("there is no port %q", port), "a port is a number from 1 to 65535")
		return false
	}
	if host != "" && net.ParseIP(host) == nil && !hostForm.MatchString(host) {
		r.say(path, fmt.Sprintf("there can be no host %q", host), "write an IP address of this machine, or a name; nothing for all")
		return false
	}
	return true
}

var hostForm = regexp.MustCompile(`^(?i:[\p{L}\p{N}_]([\p{L}\p{N}_-]{0,61}[\p{L}\p{N}])?)(\.(?i:[\p{L}\p{N}]([\p{L}\p{N}-]{0,61}[\p{L}\p{N}])?))*$`)

// host tells when a text can be no host name.
func (r *review) host(path, name string) {
	if len(name) > 253 || !hostForm.MatchString(name) {
		r.say(path, fmt.Sprintf("%q is not a host name", name), "write it bare, without scheme, port or @: mail.example.org")
	}
}

func (r *review) certificate(path string, t *TLSConfig) {
	if t == nil {
		return
	}
	if t.Cert == "" || t.Key == "" {
		r.missing(path, "tls needs both cert and key", "name two PEM files: cert (with the chain) and key")
		return
	}
	cert, key := r.file(path+".cert", &t.Cert, false), r.secretFile(path+".key", &t.Key)
	if !cert || !key {
		return
	}
	if _, err := tls.LoadX509KeyPair(t.Cert, t.Key); err != nil {
		r.say(path, "certificate and key cannot be used: "+strings.TrimPrefix(err.Error(), "tls: "), "both are PEM, and the key belongs to the first certificate")
	}
}

// rolesMatch refuses roles that cannot be: what a role means as evidence depends
// on who can connect there.
func (r *review) rolesMatch(path string, l *ListenerConfig) {
	_, unix := isUnix(l.Address)
	switch {
	case l.Protocol == "lmtp" && (l.Role == "mx" || l.Role == "submission"):
		r.say(path+".protocol", fmt.Sprintf("role %s does not speak LMTP", l.Role), "LMTP is how our own mail server hands over mail: role: mta")
	case unix && l.Role == "mx":
		r.say(path+".role", "strangers do not connect to a Unix socket", "role: mta is for our own mail server")
	}
}

func (r *review) trusted(path string, l *ListenerConfig) {
	if len(l.Trusted) == 0 {
		return
	}
	_, unix := isUnix(l.Address)
	switch {
	case unix:
		r.say(path+".trusted", "trusted networks on a Unix socket", "its peers have no network, and strangers' mail comes that way; remove the lines")
	case l.Role != string(tickets.RoleSubmission):
		r.say(path+".trusted", fmt.Sprintf("trusted networks on a listener with role %s", or(l.Role, "unknown")), "outside mail comes that way, so its peers prove nothing; only role: submission may trust")
	}
	for i := range l.Trusted {
		r.network(at(path+".trusted", i), &l.Trusted[i])
	}
}

// network reviews a network, and completes a single address to one.
func (r *review) network(path string, network *string) {
	if a, err := netip.ParseAddr(*network); err == nil {
		*network = netip.PrefixFrom(a, a.BitLen()).String()
	}
	text := *network
	p, err := netip.ParsePrefix(text)
	switch {
	case err != nil:
		r.say(path, fmt.Sprintf("%q is not a network", text), "write 192.0.2.0/24, 2001:db8::/32 or one address")
	case p.Bits() == 0:
		r.say(path, text+" trusts the whole world", "name the networks of your own machines")
	case p != p.Masked():
		r.say(path, fmt.Sprintf("%s has bits beyond its length", text), "write "+p.Masked().String())
	}
}

func (r *review) authOf(path string, l *ListenerConfig) {
	hashed := slices.ContainsFunc(r.cfg.Agents, func(a AgentConfig) bool { return a.PasswordHash != "" })
	switch {
	case l.Auth && l.Role != string(tickets.RoleSubmission):
		r.say(path+".auth", fmt.Sprintf("auth on a listener with role %s", or(l.Role, "unknown")), "agents log in where role is submission")
	case l.Auth && l.TLS == nil && !loopback(l.Address):
		r.say(path+".auth", "passwords would travel in clear", "add tls with cert and key, or listen on 127.0.0.1 only")
	case l.Auth && !hashed:
		r.say(path+".auth", "no agent can log in: none has a password_hash", "postern password makes one")
	case l.Role == string(tickets.RoleSubmission) && !l.Auth && len(l.Trusted) == 0:
		r.missing(path+".role", "nobody could submit mail here", "add auth: true, or trusted networks")
	}
}

// loopback reports whether an address can only be reached on this machine.
func loopback(address string) bool {
	if _, unix := isUnix(address); unix {
		return true
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		host = address
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
