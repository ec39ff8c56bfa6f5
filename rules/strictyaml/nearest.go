package strictyaml

import "strings"

// Nearest is the known word that word was probably meant to be, by edit
// distance without regard to case; "" when none is near.
func Nearest(word string, known []string) string {
	best, least := "", 1+max(1, min(len(word)/3, 4))
	if len(word) > 64 {
		return ""
	}
	w := strings.ToLower(word)
	for _, k := range known {
		if d := distance(w, strings.ToLower(k)); d < least && d < max(len(k), 2) {
			best, least = k, d
		}
	}
	return best
}

// DidYouMean is the hint for a word that is not among the known ones: the
// nearest, or the list of them when it is short; "" otherwise.
func DidYouMean(word string, known []string) string {
	if n := Nearest(word, known); n != "" {
		return "did you mean " + quote(n) + "?"
	}
	if len(known) == 0 || len(known) > 20 {
		return ""
	}
	return "known are " + strings.Join(known, ", ")
}

// distance is the number of letters to insert, delete, replace or swap with
// their neighbour to turn a into b.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	before, prev, cur := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range prev {
		prev[j] = j
	}
	for i := 1; i <= len(x); i++ {
		cur[0] = i
		for j := 1; j <= len(y); j++ {
			cost := 1
			if x[i-1] == y[j-1] {
				cost = 0
			}
			cur[j] = min(prev[j]+1, cur[j-1]+1, prev[j-1]+cost)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				cur[j] = min(cur[j], before[j-2]+1)
			}
		}
		before, prev, cur = prev, cur, before
	}
	return prev[len(y)]
}
