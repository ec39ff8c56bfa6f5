package tickets

import (
	"slices"
	"testing"
)

// A participant has three words, at the top and alone on their lines; all else is text (IN-K06).
func TestParseWords(t *testing.T) {
	for in, want := range map[string]struct {
		said []string
		rest string
	}{
		"#close":                        {[]string{"close"}, ""},
		"\n #Close \n\nIt works.\n":     {[]string{"close"}, "It works."},
		"#status\n#stop\n#status":       {[]string{"status", "stop"}, ""},
		"#1 server down":                {nil, "#1 server down"},
		"#close the window":             {nil, "#close the window"},
		"#resolve\n#close":              {nil, "#resolve\n#close"},
		"#assign bob":                   {nil, "#assign bob"},
		"Please\n#close":                {nil, "Please\n#close"},
		"":                              {nil, ""},
		"#stop\u00a0\nNo more, please.": {[]string{"stop"}, "No more, please."},
		"＃close":                        {nil, "＃close"},
	} {
		if said, rest := ParseWords(in); !slices.Equal(said, want.said) || rest != want.rest {
			t.Errorf("ParseWords(%q) = %q, %q", in, said, rest)
		}
	}
}
