package tickets

import "slices"

// onDuty are the agents to be told of a ticket, watchers apart: its assignee, and
// while he is away the others of its queue as well; without an assignee all agents of
// its queues but those who are away, unless all of them are.
func (s *Settings) onDuty(t Ticket) []string {
	q, _ := s.Queue(t.Queue)
	if ag, _ := s.Agent(t.Assignee); t.Assignee != "" && ag.Away {
		return with(s.present(q.Agents), t.Assignee)
	} else if t.Assignee != "" {
		return []string{t.Assignee}
	}
	all := slices.Clone(q.Agents)
	for _, name := range t.Watching {
		if other, ok := s.Queue(name); ok {
			all = append(all, other.Agents...)
		}
	}
	if here := s.present(all); len(here) > 0 {
		return here
	}
	return all
}

// present are those of the names who are not away.
func (s *Settings) present(names []string) []string {
	var out []string
	for _, name := range names {
		if ag, ok := s.Agent(name); !ok || !ag.Away {
			out = append(out, name)
		}
	}
	return out
}
