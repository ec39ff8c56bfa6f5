package strictyaml

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// Duration is a length of time written as "30s", "2h30m", "3d" or "1w".
type Duration time.Duration

// Size is a number of octets written as "512", "20MB" (10^6) or "64MiB" (2^20).
type Size int64

// UnmarshalText reads a duration; it may not be negative.
func (d *Duration) UnmarshalText(text []byte) error {
	v, err := ParseDuration(string(text))
	*d = Duration(v)
	return err
}

// UnmarshalText reads a size; it may not be negative.
func (s *Size) UnmarshalText(text []byte) error {
	v, err := ParseSize(string(text))
	*s = Size(v)
	return err
}

var (
	durationForm = regexp.MustCompile(`^(\d+(\.\d+)?(ms|[smhdw]))+$`)
	durationPart = regexp.MustCompile(`(\d+(?:\.\d+)?)(ms|[smhdw])`)
	sizeForm     = regexp.MustCompile(`(?i)^(\d+)\s*(b|kb|mb|gb|tb|kib|mib|gib|tib|k|m|g)?$`)
	units        = map[string]time.Duration{"ms": time.Millisecond, "s": time.Second, "m": time.Minute,
		"h": time.Hour, "d": 24 * time.Hour, "w": 7 * 24 * time.Hour}
	sizes = map[string]int64{"": 1, "b": 1, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12,
		"k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "kib": 1 << 10, "mib": 1 << 20, "gib": 1 << 30, "tib": 1 << 40}
)

// longest is the greatest duration taken: about a hundred years.
const longest = 100 * 365 * 24 * time.Hour

// ParseDuration reads "0", "90s", "2h30m", "3d", "1w"; a day is 24 hours. The
// error's text is a hint.
func ParseDuration(s string) (time.Duration, error) {
	if s == "0" {
		return 0, nil
	}
	if len(s) > 40 || !durationForm.MatchString(s) {
		return 0, fmt.Errorf("a duration is written like 30s, 15m, 2h30m, 3d or 1w")
	}
	var sum time.Duration
	for _, m := range durationPart.FindAllStringSubmatch(s, -1) {
		n, err := strconv.ParseFloat(m[1], 64)
		if v := n * float64(units[m[2]]); err != nil || v+float64(sum) > float64(longest) {
			return 0, fmt.Errorf("a duration is at most 100 years")
		}
		sum += time.Duration(n * float64(units[m[2]]))
	}
	return sum, nil
}

// ParseSize reads "512", "20MB", "64MiB"; K, M and G alone are powers of 1024.
// The error's text is a hint.
func ParseSize(s string) (int64, error) {
	m := sizeForm.FindStringSubmatch(s)
	if m == nil {
		return 0, fmt.Errorf("a size is written like 512, 20MB or 64MiB")
	}
	n, err := strconv.ParseInt(m[1], 10, 64)
	unit := sizes[strings.ToLower(m[2])]
	if err != nil || n > (1<<62)/unit {
		return 0, fmt.Errorf("a size is at most 4 EiB")
	}
	return n * unit, nil
}

// String writes the duration as it would be read, in the largest whole units.
func (d Duration) String() string {
	v := time.Duration(d)
	switch {
	case v == 0:
		return "0"
	case v%(7*24*time.Hour) == 0:
		return fmt.Sprintf("%dw", v/(7*24*time.Hour))
	case v%(24*time.Hour) == 0:
		return fmt.Sprintf("%dd", v/(24*time.Hour))
	}
	s := v.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// String writes the size in the largest whole binary unit.
func (s Size) String() string {
	for _, u := range []string{"GiB", "MiB", "KiB"} {
		if n := sizes[strings.ToLower(u)]; s != 0 && int64(s)%n == 0 {
			return fmt.Sprintf("%d%s", int64(s)/n, u)
		}
	}
	return strconv.FormatInt(int64(s), 10)
}
