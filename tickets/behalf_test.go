package tickets

import "testing"

// What an agent wrote above a forwarded mail, and nothing of the forward's header.
func TestRemark(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"gmail", "Please look.\n\n---------- Forwarded message ---------\nFrom: Dan <dan@example.net>\nDate: Mon, 2 Mar 2026\nSubject: Chair\nTo: <bob@example.org>\n\n", "Please look."},
		{"nothing above", "---------- Forwarded message ---------\nFrom: Dan <dan@example.net>\nSubject: Chair\n", ""},
		{"apple", "FYI\n\nBegin forwarded message:\n\nFrom: Dan <dan@example.net>\nSubject: Chair\n", "FYI"},
		{"outlook", "He waits.\n\n________________________________\nVon: Dan <dan@example.net>\nGesendet: Montag\nBetreff: Stuhl\n", "He waits."},
		{"a colon in the remark stays behind a divider", "Note: urgent\n----- Original Message -----\nFrom: x\n", "Note: urgent"},
		{"attached", "Please look.", "Please look."},
		{"empty", "", ""},
	}
	for _, tt := range tests {
		if got := remark(tt.in); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// A new ticket's subject bears no marks of answers.
func TestBareSubject(t *testing.T) {
	for in, want := range map[string]string{"Re: Aw: Chair": "Chair", "Chair": "Chair", "Re:": "", "10:30 meeting": "10:30 meeting", "Printer: on fire": "Printer: on fire"} {
		if got := bareSubject(in); got != want {
			t.Errorf("bareSubject(%q) = %q", in, got)
		}
	}
}
