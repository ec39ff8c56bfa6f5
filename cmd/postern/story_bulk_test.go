package main

import (
	"fmt"
	"slices"
	"strconv"
)

func init() {
	verbs["queue"] = (*story).setQueue
	verbs["die"] = (*story).die
	verbs["limits"] = (*story).setLimits
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
		case "digest":
			s.cfg.Queues[i].Digest = v
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

// setLimits changes limits of the configuration: limits instance_hour=6.
func (s *story) setLimits(args []string) error {
	_, opt := options(args)
	for k, v := range opt {
		n, err := strconv.Atoi(v)
		if err != nil {
			return err
		}
		switch k {
		case "instance_hour":
			s.cfg.Limits.InstanceHour = n
		case "notices_ticket":
			s.cfg.Limits.NoticesTicket = n
		case "notices_hour":
			s.cfg.Limits.NoticesHour = n
		default:
			return fmt.Errorf("no key %s", k)
		}
	}
	s.start()
	return nil
}

// die lets the process die at the nth step from now on, see crashing.steps.
func (s *story) die(args []string) (err error) {
	s.crash.steps = 0
	s.crash.dieAt, err = strconv.Atoi(args[0])
	return err
}
