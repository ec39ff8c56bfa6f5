package mailauth

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// A FileResolver answers from a zone text instead of the DNS: for tests, and for
// networks without one. It is immutable and safe for concurrent use.
type FileResolver struct {
	txt  map[string][]string
	mx   map[string][]*net.MX
	ip   map[string][]net.IPAddr
	ptr  map[string][]string
	fail map[string]bool
}

// ParseZone reads a zone text. file names it in errors. Each line is one record:
//
//	example.org                 TXT   v=spf1 mx -all
//	s1._domainkey.example.org   TXT   "v=DKIM1; k=rsa; p=MIIB" "IjAN"
//	example.org                 MX    10 mx.example.org
//	mx.example.org              A     192.0.2.1
//	mx.example.org              AAAA  2001:db8::1
//	192.0.2.1                   PTR   mx.example.org
//	broken.example              FAIL
//
// Strings in quotes are joined, text without quotes stands as it is. FAIL makes
// every look-up of the name a temporary failure. Empty lines and lines that
// begin with # or ; are passed over. Names are compared without case and final dot.
func ParseZone(r io.Reader, file string) (*FileResolver, error) {
	z := &FileResolver{map[string][]string{}, map[string][]*net.MX{}, map[string][]net.IPAddr{}, map[string][]string{}, map[string]bool{}}
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, 1<<20)
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		if err := z.add(line); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("reading %s: %w", file, err)
	}
	return z, nil
}

// add takes one record.
func (z *FileResolver) add(line string) error {
	name, rest := word(line)
	kind, value := word(rest)
	name = zoneName(name)
	if value == "" && kind != "FAIL" {
		return fmt.Errorf("%q is no record; write: name TXT|A|AAAA|MX|PTR value, or: name FAIL", line)
	}
	switch kind {
	case "TXT":
		text, err := joined(value)
		z.txt[name] = append(z.txt[name], text)
		return err
	case "A", "AAAA":
		ip, err := netip.ParseAddr(value)
		if err != nil || ip.Is4() != (kind == "A") {
			return fmt.Errorf("%q is no address for %s", value, kind)
		}
		z.ip[name] = append(z.ip[name], net.IPAddr{IP: ip.AsSlice()})
	case "MX":
		pref, host := word(value)
		n, err := strconv.ParseUint(pref, 10, 16)
		if err != nil || host == "" {
			return fmt.Errorf("%q is no MX; write: name MX 10 host", value)
		}
		z.mx[name] = append(z.mx[name], &net.MX{Host: zoneName(host) + ".", Pref: uint16(n)})
	case "PTR":
		z.ptr[name] = append(z.ptr[name], zoneName(value)+".")
	case "FAIL":
		z.fail[name] = true
	default:
		return fmt.Errorf("type %q is not known; the types are TXT, A, AAAA, MX, PTR and FAIL", kind)
	}
	return nil
}

// word splits the first word off.
func word(s string) (first, rest string) {
	i := strings.IndexAny(s, " \t")
	if i < 0 {
		return s, ""
	}
	return s[:i], strings.TrimSpace(s[i:])
}

// joined is the value of a TXT record: quoted strings put together, or the text as it is.
func joined(value string) (string, error) {
	if value[0] != '"' {
		return value, nil
	}
	var out strings.Builder
	for rest := value; rest != ""; {
		if rest[0] != '"' {
			return "", fmt.Errorf("text %q follows a quoted string; quote it too", rest)
		}
		end := strings.IndexByte(rest[1:], '"')
		if end < 0 {
			return "", fmt.Errorf("the quote of %q is not closed", rest)
		}
		out.WriteString(rest[1 : 1+end])
		rest = strings.TrimSpace(rest[end+2:])
	}
	return out.String(), nil
}

func zoneName(s string) string { return strings.ToLower(strings.TrimSuffix(s, ".")) }

// LookupTXT gives the texts of a name.
func (z *FileResolver) LookupTXT(_ context.Context, name string) ([]string, error) {
	return look(z, z.txt, name)
}

// LookupMX gives the mail servers of a name.
func (z *FileResolver) LookupMX(_ context.Context, name string) ([]*net.MX, error) {
	return look(z, z.mx, name)
}

// LookupIPAddr gives the addresses of a host.
func (z *FileResolver) LookupIPAddr(_ context.Context, host string) ([]net.IPAddr, error) {
	return look(z, z.ip, host)
}

// LookupAddr gives the names of an address.
func (z *FileResolver) LookupAddr(_ context.Context, addr string) ([]string, error) {
	return look(z, z.ptr, addr)
}

func look[T any](z *FileResolver, records map[string][]T, name string) ([]T, error) {
	name = zoneName(name)
	if z.fail[name] {
		return nil, temporary(name, "the zone text says FAIL")
	}
	if len(records[name]) == 0 {
		return nil, notFound(name)
	}
	return records[name], nil
}
