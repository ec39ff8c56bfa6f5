package main

import (
	"fmt"
	"slices"
)

func init() { verbs["agent"] = (*story).setAgent }

// setAgent changes the configuration of an agent: agent bob language=de.
func (s *story) setAgent(args []string) error {
	rest, opt := options(args)
	i := slices.IndexFunc(s.cfg.Agents, func(a AgentConfig) bool { return a.Name == rest[0] })
	if i < 0 {
		return fmt.Errorf("no agent %s", rest[0])
	}
	for k, v := range opt {
		if k != "language" {
			return fmt.Errorf("no key %s", k)
		}
		s.cfg.Agents[i].Language = v
	}
	s.start()
	return nil
}
