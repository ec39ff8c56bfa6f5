package main

import (
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"

	"golang.org/x/crypto/argon2"
)

// hashing is the cost of an argon2id hash (RFC 9106).
type hashing struct {
	memory  uint32 // KiB
	time    uint32 // passes
	threads uint8
}

// ourHashing is OWASP's minimum, 19 MiB and two passes: the 64 MiB of RFC 9106 section 4,
// times the logins that may run at once, would be the greatest part of our memory.
var ourHashing = hashing{memory: 19 << 10, time: 2, threads: 1}

const hashForm = "$argon2id$v=19$m=19456,t=2,p=1$SALT$HASH"

// hashPassword makes the password_hash of an agent, with a fresh salt.
func hashPassword(password string) string {
	salt := make([]byte, 16)
	rand.Read(salt)
	c := ourHashing
	sum := argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, 32)
	b64 := base64.RawStdEncoding.EncodeToString
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s", argon2.Version, c.memory, c.time, c.threads, b64(salt), b64(sum))
}

// checkPassword reports whether the password has this hash, in time that does
// not depend on how much of it is right.
func checkPassword(hash, password string) bool {
	c, salt, sum, err := parseHash(hash)
	if err != nil {
		return false
	}
	got := argon2.IDKey([]byte(password), salt, c.time, c.memory, c.threads, uint32(len(sum)))
	return subtle.ConstantTimeCompare(got, sum) == 1
}

// checkHash tells what is wrong with a hash; its text is shown to an admin and
// holds nothing of it.
func checkHash(hash string) error {
	_, _, _, err := parseHash(hash)
	return err
}

func parseHash(hash string) (c hashing, salt, sum []byte, err error) {
	parts := strings.Split(hash, "$")
	if len(parts) != 6 || parts[0] != "" || parts[1] != "argon2id" {
		return c, nil, nil, errors.New("want " + hashForm)
	}
	if parts[2] != fmt.Sprintf("v=%d", argon2.Version) {
		return c, nil, nil, errors.New("want version v=19")
	}
	if _, err := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &c.memory, &c.time, &c.threads); err != nil {
		return c, nil, nil, errors.New("want m=,t=,p= with numbers")
	}
	salt, err1 := base64.RawStdEncoding.Strict().DecodeString(parts[4])
	sum, err2 := base64.RawStdEncoding.Strict().DecodeString(parts[5])
	if errors.Join(err1, err2) != nil || len(salt) < 8 || len(sum) < 16 || len(sum) > 64 {
		return c, nil, nil, errors.New("salt or hash cut short")
	}
	return c, salt, sum, c.bounds()
}

// bounds refuses hashes that protect nothing, and those that would stop the machine.
func (c hashing) bounds() error {
	switch {
	case c.memory < 8<<10 || c.time < 1 || c.threads < 1:
		return errors.New("too weak; want m=8192 and t=1 at least")
	case c.memory > 1<<20 || c.time > 16 || c.threads > 16:
		return errors.New("too costly; want m=1048576, t=16 and p=16 at most")
	}
	return nil
}
