package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"postern/tickets"
)

// play tells the story; the first step that does not happen is its error.
func (s *demoStory) play(ctx context.Context) error {
	fmt.Fprintln(s.w.out, "postern demo: a request, from the first mail to the last.")
	begun := s.clock.real()
	for _, chapter := range []func(context.Context) error{s.request, s.answer, s.conversation, s.mistake, s.resolution, s.reopening, s.overview, s.morning} {
		if err := chapter(ctx); err != nil {
			return fmt.Errorf("the story broke off: %w", err)
		}
		if err := s.decided(ctx); err != nil {
			return err
		}
	}
	fmt.Fprintf(s.w.out, "\nEvery step happened, in %s.\n", s.clock.real().Sub(begun).Round(10*time.Millisecond))
	return nil
}

func (s *demoStory) title(text string) { fmt.Fprintf(s.w.out, "\n── %s\n", text) }

// request: a mail becomes a ticket, is routed and acknowledged.
func (s *demoStory) request(ctx context.Context) error {
	s.title("A request arrives, is routed and acknowledged.")
	err := s.send(demoAnn, "Ann Archer", demoHelp, "The printer smells of smoke", nil,
		"Hello,\n\nthe printer in room 4 smells of smoke. Shall I unplug it?\n\nAnn")
	if err != nil {
		return err
	}
	if _, err := s.gets(demoAnn, "[HW #1]"); err != nil {
		return err
	}
	if _, err := s.gets(demoBob, "smells of smoke"); err != nil {
		return err
	}
	if err := s.decided(ctx); err != nil {
		return err
	}
	s.title("Another one, for everybody of the other queue.")
	if err := s.send(demoMax, "Max Miller", demoHelp, "New laptop", nil, "Hello, may I have a new laptop?\n\nMax"); err != nil {
		return err
	}
	if _, err := s.gets(demoMax, "[IT #2]"); err != nil {
		return err
	}
	_, err = s.gets(demoBea, "new laptop")
	return err
}

// answer: the agent answers from his own mailbox, with a command on top.
func (s *demoStory) answer(context.Context) error {
	s.title("Bob answers from his own mail client; his first line is a command.")
	s.read[demoBob] = 0
	notice, err := s.peek(demoBob, "smells of smoke")
	if err != nil {
		return err
	}
	if err := s.send(demoBob, "Bob Brown", notice.ReplyTo[0].Addr, "Re: "+notice.Subject, notice,
		"#take\n\nYes please, Ann. Unplug it and leave the room; I am on my way.\n\nBob"); err != nil {
		return err
	}
	if _, err := s.gets(demoAnn, "Unplug it"); err != nil {
		return err
	}
	_, err = s.gets(demoBob, "nobody → Bob")
	return err
}

// peek looks at a mail again without showing it.
func (s *demoStory) peek(who, words string) (*tickets.Message, error) {
	out := s.w
	quiet := *s.w
	quiet.out = nothing{}
	s.w = &quiet
	defer func() { s.w = out }()
	return s.gets(who, words)
}

// nothing swallows what is written to it.
type nothing struct{}

func (nothing) Write(p []byte) (int, error) { return len(p), nil }

// conversation: the requester replies.
func (s *demoStory) conversation(context.Context) error {
	s.title("Ann replies.")
	s.read[demoAnn] = 0
	reply, err := s.peek(demoAnn, "Unplug it")
	if err != nil {
		return err
	}
	if err := s.send(demoAnn, "Ann Archer", reply.ReplyTo[0].Addr, "Re: "+reply.Subject, reply,
		"Done. It was only the toner, thank you for coming!\n\nOn Monday Bob Brown wrote:\n> Yes please, Ann. Unplug it and leave the room"); err != nil {
		return err
	}
	_, err = s.gets(demoBob, "only the toner")
	return err
}

// mistake: a mistyped command does nothing, and the agent learns it at once.
func (s *demoStory) mistake(context.Context) error {
	s.title("Bob mistypes a command: nothing is done or sent, and he is told.")
	s.read[demoBob] = 0
	notice, err := s.peek(demoBob, "only the toner")
	if err != nil {
		return err
	}
	if err := s.send(demoBob, "Bob Brown", notice.ReplyTo[0].Addr, "Re: "+notice.Subject, notice, "#resovle\n\nYou are welcome!"); err != nil {
		return err
	}
	_, err = s.gets(demoBob, "did you mean #resolve?")
	return err
}

// resolution: one word resolves, and the requester is told.
func (s *demoStory) resolution(context.Context) error {
	s.title("Bob resolves the ticket with one word.")
	s.read[demoBob] = 0
	notice, err := s.peek(demoBob, "only the toner")
	if err != nil {
		return err
	}
	if err := s.send(demoBob, "Bob Brown", notice.ReplyTo[0].Addr, "Re: "+notice.Subject, notice, "#resolve"); err != nil {
		return err
	}
	if _, err := s.gets(demoAnn, "resolved"); err != nil {
		return err
	}
	_, err = s.gets(demoBob, "→ resolved")
	return err
}

// reopening: a late reply wakes the ticket up.
func (s *demoStory) reopening(ctx context.Context) error {
	s.title("It was not the toner after all: a late reply reopens the ticket.")
	s.read[demoAnn] = 0
	told, err := s.peek(demoAnn, "resolved")
	if err != nil {
		return err
	}
	if err := s.send(demoAnn, "Ann Archer", told.ReplyTo[0].Addr, "Re: "+told.Subject, told, "It smells again."); err != nil {
		return err
	}
	if _, err := s.gets(demoBob, "smells again"); err != nil {
		return err
	}
	t, err := s.g.db.TicketRow(ctx, 1)
	if err == nil && t.Status != tickets.Open {
		err = fmt.Errorf("ticket 1 is %s, not open", t.Status)
	}
	return err
}

// overview: an agent asks by mail what is his; the answer is the list.
func (s *demoStory) overview(context.Context) error {
	s.title("Bob asks what is on his desk.")
	if err := s.send(demoBob, "Bob Brown", demoHelp, "What is mine?", nil, "#list mine"); err != nil {
		return err
	}
	_, err := s.gets(demoBob, "On #list mine")
	return err
}

// morning: each agent gets his day in one mail, and works it by answering. The hour is
// set only now, so that a demo that is begun at eight is not told out of its turn.
func (s *demoStory) morning(ctx context.Context) error {
	s.title("The next working day, at eight: each agent gets his day in one mail. (The demo puts its clock forward.)")
	if err := s.decided(ctx); err != nil {
		return err
	}
	s.clock.forward(nextMorning(s.clock.now()))
	next := *s.g.settings.Load()
	next.Queues = slices.Clone(next.Queues)
	for i := range next.Queues {
		next.Queues[i].Digest = "08:00"
	}
	s.g.settings.Store(&next)
	list, err := s.gets(demoBob, "This is what there is to do today.")
	if err != nil {
		return err
	}
	s.title("Bob answers the list with a command for a ticket of it.")
	if err := s.send(demoBob, "Bob Brown", list.From[0].Addr, "Re: "+list.Subject, list, "#take #2"); err != nil {
		return err
	}
	_, err = s.gets(demoBob, "[IT #2] New laptop: assignee: nobody → Bob Brown")
	return err
}

// invite says how to look into the mailboxes oneself.
func (s *demoStory) invite() {
	fmt.Fprintf(s.w.out, `
The demo stays up. Connect a mail client to see it from inside:

  IMAP   %s   (no TLS)      SMTP   %s   (no TLS, with login)
  users  %s, %s (requesters)
         %s, %s (agents), %s (the helpdesk's own mailbox)
  password for all of them: %s

Write from one of the requesters to %s, answer as an agent.
The helpdesk's clock stays put forward: there it is %s.
Stop with Ctrl-C; nothing is left behind.
`, s.mail.imapAddr, s.mail.smtpAddr, demoAnn, demoMax, demoBob, demoBea, demoHelp, demoPassword, demoHelp,
		s.w.now().UTC().Format("Monday, 2 January, 15:04 MST"))
}
