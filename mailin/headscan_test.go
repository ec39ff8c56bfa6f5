package mailin

import (
	"strings"
	"testing"
	"time"
)

func scanned(text string, step int) *headScan {
	h := &headScan{}
	for len(text) > 0 {
		n := min(step, len(text))
		h.Write([]byte(text[:n]))
		text = text[n:]
	}
	return h
}

// The door's glance sees the same however the octets come, and never looks into the body.
func TestHeadScan(t *testing.T) {
	text := "Received: from a\r\n by b;\r\n\tMon, 16 Nov 2026 10:00:00 +0100\r\nRECEIVED : from c\n" +
		"Message-Id:\r\n <1@x>\r\nDate: Sun, 15 Nov 2026 08:00:00 +0000\r\nno colon here\r\nSubject: x\r\n\r\n" +
		"Received: not counted\r\n"
	for step := 1; step <= len(text); step++ {
		h := scanned(text, step)
		at, ok := h.arrived()
		if h.received != 2 || !h.messageID || !ok || !at.Equal(time.Date(2026, 11, 16, 9, 0, 0, 0, time.UTC)) {
			t.Fatalf("step %d: %d Received, message-id %v, arrived %v %v", step, h.received, h.messageID, at, ok)
		}
		if !strings.HasSuffix(string(h.head), "Subject: x\r\n\r\n") {
			t.Fatalf("step %d: header block %q", step, h.head)
		}
	}
}

// A header block without end is not kept without end, and still counted.
func TestHeadScanIsBounded(t *testing.T) {
	h := scanned(strings.Repeat("X: "+strings.Repeat("y", 5000)+"\r\n", 1000)+strings.Repeat("Received: z\r\n", 101), 4096)
	if len(h.head) > headMax || cap(h.line) > 2*lineMax || h.received != 101 {
		t.Errorf("kept %d octets, %d of a line, %d Received", len(h.head), cap(h.line), h.received)
	}
	if h := scanned("Received: "+strings.Repeat("x\r\n ", 1<<20), 1<<16); len(h.firstReceived) > 2*lineMax {
		t.Errorf("kept %d octets of one field", len(h.firstReceived))
	}
}

// Whatever comes in whatever pieces: bounded, and the same as in one piece.
func FuzzHeadScan(f *testing.F) {
	f.Add("Received: a\r\nMessage-ID: <x>\r\n\r\nbody", 3)
	f.Add("\n", 1)
	f.Add("Date: \r\n\t x\r\n", 2)
	f.Fuzz(func(t *testing.T, text string, step int) {
		if step < 1 {
			step = 1
		}
		a, b := scanned(text, step), scanned(text, len(text)+1)
		if a.received != b.received || a.messageID != b.messageID || a.body != b.body || a.date != b.date || a.firstReceived != b.firstReceived {
			t.Errorf("in pieces of %d: %+v, whole: %+v", step, a, b)
		}
	})
}
