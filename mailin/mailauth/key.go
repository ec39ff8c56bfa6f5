package mailauth

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"slices"
	"strings"
)

// The lengths of RSA keys that count (RFC 8301, section 3.2); longer ones only cost time.
const (
	minBits = 1024
	maxBits = 8192
)

// key is a public key as a domain publishes it (RFC 6376, section 3.6.1).
type key struct {
	rsa     *rsa.PublicKey
	ed      ed25519.PublicKey
	bits    int
	testing bool // t=y
	strict  bool // t=s: i= must be of the very domain
}

// fetchKey asks for a key. result is Pass when there is one; else it is what
// becomes of the signature.
func fetchKey(ctx context.Context, r Resolver, selector, domain string) (key, Result, string) {
	name := selector + "._domainkey." + domain
	if len(name) > 253 || !hostname(name) {
		return key{}, PermError, "the selector is no name"
	}
	texts, err := r.LookupTXT(ctx, name)
	switch {
	case isNotFound(err):
		return key{}, PermError, "no key at " + name
	case err != nil:
		return key{}, TempError, "the key could not be asked for: " + cause(err)
	case len(texts) != 1:
		return key{}, PermError, "more than one key at " + name
	}
	return parseKey(texts[0])
}

func parseKey(text string) (key, Result, string) {
	tags, err := parseTags(text)
	if err != nil {
		return key{}, PermError, "the key record is broken: " + err.Error()
	}
	p, has := tags["p"]
	hashes, limited := tags["h"]
	services, bound := tags["s"]
	switch v, ok := tags["v"]; {
	case ok && v != "DKIM1":
		return key{}, PermError, "the key record is of another version"
	case !has:
		return key{}, PermError, "the key record has no key"
	case squeeze(p) == "":
		return key{}, PermError, "the key was revoked"
	case limited && !slices.Contains(list(hashes), "sha256"):
		return key{}, PermError, "the key is not for SHA-256"
	case bound && !slices.Contains(list(services), "*") && !slices.Contains(list(services), "email"):
		return key{}, PermError, "the key is not for mail"
	}
	k, why := decodeKey(tags["k"], p)
	if why != "" {
		return key{}, PermError, why
	}
	flags := list(tags["t"])
	k.testing, k.strict = slices.Contains(flags, "y"), slices.Contains(flags, "s")
	if k.rsa != nil && k.bits < minBits {
		return k, Fail, "the key is shorter than 1024 bits"
	}
	return k, Pass, ""
}

// decodeKey reads p=, as RFC 6376 and its erratum 3017 write RSA keys and RFC 8463 the others.
func decodeKey(kind, p string) (key, string) {
	der, err := base64.StdEncoding.DecodeString(squeeze(p)) // written by hand, sometimes
	if err != nil {
		return key{}, "the key is not base64"
	}
	switch strings.ToLower(kind) {
	case "", "rsa":
		public, err := x509.ParsePKIXPublicKey(der)
		if err != nil {
			public, err = x509.ParsePKCS1PublicKey(der)
		}
		k, ok := public.(*rsa.PublicKey)
		if err != nil || !ok || k.N.BitLen() > maxBits {
			return key{}, "the key is no RSA key we can use"
		}
		return key{rsa: k, bits: k.N.BitLen()}, ""
	case "ed25519":
		if len(der) != ed25519.PublicKeySize {
			return key{}, "the key is no Ed25519 key"
		}
		return key{ed: der, bits: 8 * len(der)}, ""
	}
	return key{}, "the kind of the key is not known"
}

// verify checks a signature over a SHA-256 hash.
func (k key) verify(algorithm string, hashed, sig []byte) bool {
	switch {
	case algorithm == "rsa-sha256" && k.rsa != nil:
		return rsa.VerifyPKCS1v15(k.rsa, crypto.SHA256, hashed, sig) == nil
	case algorithm == "ed25519-sha256" && k.ed != nil:
		return ed25519.Verify(k.ed, hashed, sig)
	}
	return false
}
