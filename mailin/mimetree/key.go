package mimetree

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"hash"
	"strings"
)

// identityFields are the fields that make a message this message; trace fields,
// which every hop may add, are not among them.
var identityFields = []string{
	"From", "Sender", "Reply-To", "To", "Cc", "Subject", "Date", "Message-Id",
	"In-Reply-To", "References", "Mime-Version",
}

// bodyKey hashes the body as it streams by: octets as they are, but a bare LF
// counted as CRLF, since some stores keep one and some the other.
type bodyKey struct {
	sum   hash.Hash
	next  int64 // offset of the first octet not yet hashed; -1 before the body is known
	cr    bool  // the last octet was CR
	spare []byte
}

func (k *bodyKey) feed(off int64, b []byte) {
	if k == nil || k.next < off || off+int64(len(b)) <= k.next {
		return
	}
	b = b[k.next-off:]
	k.next += int64(len(b))
	k.write(b)
	k.cr = b[len(b)-1] == '\r'
}

func (k *bodyKey) write(b []byte) {
	if b[0] == '\n' && !k.cr {
		k.sum.Write([]byte{'\r'})
	}
	if !bareLF(b) {
		k.sum.Write(b)
		return
	}
	k.spare = k.spare[:0]
	for i := bytes.IndexByte(b[1:], '\n') + 1; i > 0; i = bytes.IndexByte(b[1:], '\n') + 1 {
		k.spare = append(k.spare, b[:i]...)
		if b[i-1] != '\r' {
			k.spare = append(k.spare, '\r')
		}
		b = b[i:]
	}
	k.spare = append(k.spare, b...)
	k.sum.Write(k.spare)
}

// bareLF says that an LF stands in b without a CR before it; the first octet's is not
// known here.
func bareLF(b []byte) bool {
	for i := 1; ; i++ {
		n := bytes.IndexByte(b[i:], '\n')
		if n < 0 {
			return false
		}
		if i += n; b[i-1] != '\r' {
			return true
		}
	}
}

// start hashes the identity fields; from then on the body from offset body.
// Each field goes in with its length, so that no two headers read the same.
func (k *bodyKey) start(h Header, body int64) {
	scratch := make([]byte, 0, 1<<10)
	for _, name := range identityFields {
		for _, f := range h.Fields {
			if f.Key == name {
				scratch = appendField(scratch, f)
			}
		}
	}
	for _, f := range h.Fields {
		if strings.HasPrefix(f.Key, "Content-") {
			scratch = appendField(scratch, f)
		}
	}
	scratch = append(scratch, h.beyond...)
	k.sum.Write(scratch)
	k.next = body
}

func appendField(to []byte, f Field) []byte {
	v := f.Value()
	to = append(to, f.Key...)
	to = append(to, ':')
	to = binary.BigEndian.AppendUint32(to, uint32(len(v)))
	return append(to, v...)
}

func newBodyKey() *bodyKey { return &bodyKey{sum: sha256.New(), next: -1} }

func (k *bodyKey) hex() string { return hex.EncodeToString(k.sum.Sum(nil)) }
