package tickets

import "testing"

// A dead address is one that takes no mail and will not: a full mailbox, a refused
// word or a wrong sender says nothing of the sort.
func TestIsGone(t *testing.T) {
	for code, want := range map[string]bool{
		"5.1.1": true, "550 5.1.1 no such user": true, "5.1.10 null MX": true, "5.2.1 disabled": true, "5.1.2": true, "5.1.6 moved": true,
		"5.1.7": false, "5.1.8 sender": false, "5.2.2 full": false, "4.1.1": false, "5.7.1": false, "550": false, "": false,
		"5.1.11": false, "5.1.100": false, "5.4.7 expired": false, "we say 5.1.1": false,
	} {
		if got := isGone(code); got != want {
			t.Errorf("isGone(%q) = %v", code, got)
		}
	}
}

func TestParticipantOfKey(t *testing.T) {
	for key, want := range map[string]int64{"participant 7": 7, "agent bob": 0, "participant x": 0, "": 0, "agent participant 7": 0} {
		if got := participantOf(key); got != want {
			t.Errorf("participantOf(%q) = %d", key, got)
		}
	}
}
