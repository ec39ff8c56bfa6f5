package rules

import (
	_ "embed"
	"slices"

	"postern/rules/strictyaml"
)

// DefaultFile is the name of the default rules in messages and traces.
const DefaultFile = "default.yaml"

//go:embed default.yaml
var defaultRules []byte

// Default are the default rules as a file: what is mailed to whom when an admin
// has written no rules.
func Default() []byte { return slices.Clone(defaultRules) }

// LoadDefault is the Set of the default rules alone.
func LoadDefault(o Options) (*Set, strictyaml.Problems) {
	return Compile([]File{{DefaultFile, Default()}}, o)
}
