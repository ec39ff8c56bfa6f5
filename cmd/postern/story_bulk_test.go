package main

import (
	"fmt"
	"slices"
)

func init() {
	verbs["queue"] = (*story).setQueue
	verbs["away"] = (*story).setAway
}

// setQueue changes the configuration of a queue: queue hr link_copies=true.
func (s *story) setQueue(args []string) error {
	rest, opt := options(args)
	i := slices.IndexFunc(s.cfg.Queues, func(q QueueConfig) bool { return q.Name == rest[0] })
	if i < 0 {
		return fmt.Errorf("no queue %s", rest[0])
	}
	for k, v := range opt {
		switch k {
		case "link_copies":
			s.cfg.Queues[i].LinkCopies = v == "true"
		case "language":
			s.cfg.Queues[i].Language = v
		default:
			return fmt.Errorf("no key %s", k)
		}
	}
	s.start()
	return nil
}

// setAway says in the configuration who is away, and that all others are not: away bob.
func (s *story) setAway(names []string) error {
	for i, a := range s.cfg.Agents {
		s.cfg.Agents[i].Away = slices.Contains(names, a.Name)
	}
	s.start()
	return nil
}
