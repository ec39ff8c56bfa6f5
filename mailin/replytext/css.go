package replytext

import (
	"strconv"
	"strings"
)

// veil is how well a text is hidden.
type veil uint8

const (
	shown    veil = iota
	doubtful      // hidden under a condition that we do not judge; never a command
	hidden
)

// colour is 0xRRGGBB, or one of the two below.
type colour int32

const (
	unset   colour = -1 // nothing said
	unclear colour = -2 // said, but not to be judged (an image, a variable)
	white   colour = 0xFFFFFF
)

// unsized is a font size of which nothing was said.
const unsized = -1

// style is what a style sheet says about being seen.
type style struct {
	gone        veil
	ink, ground colour
	size        float64
}

// conceal works out whether the text of an element can be seen.
func (r *renderer) conceal(e *element, parent *element, a map[string]string) {
	if len(a) == 0 && len(r.sheet) == 0 {
		e.gone, e.faint, e.ground, e.style = parent.gone, parent.faint, parent.ground, parent.style
		return
	}
	s := r.sheet.of(e.name, a)
	if v, ok := a["style"]; ok {
		s = s.over(parseStyle(cut(v, 4096), shown))
	}
	if _, ok := a["hidden"]; ok {
		s.gone = hidden
	}
	if v, ok := a["color"]; ok && e.name == "font" {
		s.ink = parseColour(v)
	}
	if v, ok := a["bgcolor"]; ok && s.ground == unset {
		s.ground = parseColour(v)
	}
	if a["background"] != "" && s.ground == unset {
		s.ground = unclear
	}
	e.gone = max(parent.gone, s.gone)
	e.ground = parent.ground
	if s.ground != unset {
		e.ground = s.ground
	}
	e.style = parent.style
	if s.ink != unset {
		e.style.ink = s.ink
	}
	if s.size != unsized {
		e.style.size = s.size
	}
	e.faint = shown
	if e.style.size != unsized && e.style.size <= 1 || near(e.style.ink, e.ground) {
		e.faint = hidden
	}
}

// near says that two colours cannot be told apart.
func near(a, b colour) bool {
	if a < 0 || b < 0 {
		return false
	}
	d := func(shift uint) int {
		x := int(a>>shift&255) - int(b>>shift&255)
		return max(x, -x)
	}
	return d(0)+d(8)+d(16) <= 24
}

// over is s with what t says laid over it.
func (s style) over(t style) style {
	s.gone = max(s.gone, t.gone)
	if t.ink != unset {
		s.ink = t.ink
	}
	if t.ground != unset {
		s.ground = t.ground
	}
	if t.size != unsized {
		s.size = t.size
	}
	return s
}

// parseStyle reads the declarations of a rule or of a style attribute. A rule that
// holds under a condition makes nothing certain: what it hides is doubtful.
func parseStyle(css string, condition veil) style {
	s := style{ink: unset, ground: unset, size: unsized}
	var clipped, empty, away bool
	for _, d := range strings.Split(strings.ToLower(css), ";") {
		k, v, ok := strings.Cut(d, ":")
		if !ok {
			continue
		}
		k = strings.TrimSpace(k)
		v = strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(v), "!important"))
		switch k {
		case "display":
			s.hideIf(v == "none")
		case "visibility":
			s.hideIf(v == "hidden" || v == "collapse")
		case "mso-hide":
			s.hideIf(v == "all")
		case "opacity":
			n, err := strconv.ParseFloat(v, 64)
			s.hideIf(err == nil && n < 0.05)
		case "font-size":
			s.size = parseSize(v)
		case "color":
			s.ink = parseColour(v)
		case "background", "background-color":
			s.ground = parseColour(v)
		case "overflow":
			clipped = v == "hidden"
		case "height", "max-height", "width", "max-width":
			empty = empty || parseSize(v) == 0
		case "text-indent", "left", "top", "margin-left":
			away = away || strings.HasPrefix(v, "-") && parseSize(v[1:]) >= 500
		case "clip":
			s.hideIf(strings.HasPrefix(strings.ReplaceAll(v, " ", ""), "rect(0"))
		}
	}
	s.hideIf(clipped && empty || away)
	if condition != shown {
		s.ink, s.ground, s.size, s.gone = unset, unset, unsized, min(s.gone, condition)
	}
	return s
}

// hideIf hides when the condition holds.
func (s *style) hideIf(is bool) {
	if is {
		s.gone = hidden
	}
}

// parseSize reads a length in pixels, roughly; unsized when it cannot.
func parseSize(v string) float64 {
	i := 0
	for i < len(v) && (v[i] >= '0' && v[i] <= '9' || v[i] == '.') {
		i++
	}
	n, err := strconv.ParseFloat(v[:i], 64)
	if err != nil {
		return unsized
	}
	switch strings.TrimSpace(v[i:]) {
	case "em", "rem":
		n *= 16
	case "%":
		n *= 0.16
	}
	return n
}

// names are the colours by name that hide text on their like.
var names = map[string]colour{"white": white, "black": 0, "snow": 0xFFFAFA, "ghostwhite": 0xF8F8FF,
	"ivory": 0xFFFFF0, "whitesmoke": 0xF5F5F5, "floralwhite": 0xFFFAF0, "red": 0xFF0000, "blue": 0xFF,
	"green": 0x8000, "yellow": 0xFFFF00, "gray": 0x808080, "grey": 0x808080, "silver": 0xC0C0C0, "navy": 0x80}

// parseColour reads a colour; what it cannot judge is unclear.
func parseColour(v string) colour {
	v = strings.TrimSpace(strings.ToLower(v))
	if v == "" || v == "inherit" || v == "transparent" || v == "initial" {
		return unset
	}
	if c, ok := names[v]; ok {
		return c
	}
	v = strings.TrimPrefix(v, "#")
	if len(v) == 3 {
		v = string([]byte{v[0], v[0], v[1], v[1], v[2], v[2]})
	}
	if n, err := strconv.ParseUint(v, 16, 32); err == nil && len(v) == 6 {
		return colour(n)
	}
	return parseRGB(v)
}

// parseRGB reads rgb(…) and rgba(…).
func parseRGB(v string) colour {
	if !strings.HasPrefix(v, "rgb") || !strings.HasSuffix(v, ")") {
		return unclear
	}
	_, args, _ := strings.Cut(v[:len(v)-1], "(")
	f := strings.FieldsFunc(args, func(c rune) bool { return c == ',' || c == ' ' || c == '/' })
	if len(f) < 3 {
		return unclear
	}
	var c colour
	for _, x := range f[:3] {
		n, err := strconv.Atoi(x)
		if err != nil || n < 0 || n > 255 {
			return unclear
		}
		c = c<<8 | colour(n)
	}
	return c
}
