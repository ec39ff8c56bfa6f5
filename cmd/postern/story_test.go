package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-imap/v2/imapserver/imapmemserver"
	"github.com/rogpeppe/go-internal/txtar"

	"postern/cmd/maillab"
	"postern/mailin"
	"postern/mailin/mailauth"
	"postern/rules"
	"postern/tickets"
	"postern/tickets/ticketdb"
)

// A story is a txtar file that a support agent could read: its comment is the
// script, its files are mails. Every story runs in process, with a fake clock,
// on both databases, and ends unasked with the invariants.
type story struct {
	t     *testing.T
	url   string
	files map[string]string
	now   time.Time
	db    *ticketdb.DB
	house *helpdesk
	crash *crashing
	cfg   Config

	unread  []sentMail
	vars    map[string]string
	refuse  map[string]string // address → answer of the relay
	names   mailauth.Resolver // what a listener for strangers asks
	mails   *imapmemserver.User
	mailsAt string            // address of its server
	putOff  map[string]string // address → the relay's answer that puts a mail off
	peers   int
	arrived int
}

// sentMail is a mail as its recipient gets it.
type sentMail struct {
	out tickets.Outgoing
	raw string
	msg tickets.Message
}

// databases runs a test on each database: a fresh one, by URL.
func databases(t *testing.T, f func(t *testing.T, url string)) {
	eachDatabase(t, func(t *testing.T, fresh func(*testing.T) string) { f(t, fresh(t)) })
}

// eachDatabase runs a test with a maker of fresh databases: copies of one that has
// its tables already, since many tests want many.
func eachDatabase(t *testing.T, f func(t *testing.T, fresh func(*testing.T) string)) {
	t.Run("sqlite", func(t *testing.T) {
		f(t, func(t *testing.T) string {
			file := filepath.Join(t.TempDir(), "postern.db")
			if err := os.WriteFile(file, emptySQLite(t), 0o600); err != nil {
				t.Fatal(err)
			}
			return "sqlite:" + file
		})
	})
	t.Run("postgres", func(t *testing.T) {
		maillab.Need(t, maillab.PostgreSQL)
		f(t, func(t *testing.T) string {
			return maillab.SharedPostgres(t).NewDatabaseFrom(t, "stories", furnish)
		})
	})
}

// furnish makes the tables.
func furnish(url string) error {
	db, err := ticketdb.Open(context.Background(), ticketdb.Config{URL: url})
	if err != nil {
		return err
	}
	return db.Close()
}

var sqliteTemplate struct {
	once sync.Once
	data []byte
	err  error
}

// emptySQLite is the file of a database with tables and nothing in them.
func emptySQLite(t *testing.T) []byte {
	t.Helper()
	x := &sqliteTemplate
	x.once.Do(func() {
		file := filepath.Join(t.TempDir(), "template.db")
		if x.err = furnish("sqlite:" + file); x.err == nil {
			x.data, x.err = os.ReadFile(file)
		}
	})
	if x.err != nil {
		t.Fatal(x.err)
	}
	return x.data
}

func TestStories(t *testing.T) {
	files, err := filepath.Glob("testdata/stories/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatalf("no stories: %v", err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			databases(t, func(t *testing.T, url string) {
				s := newStory(t, url, file)
				s.play(s.script())
				s.end()
			})
		})
	}
}

// storyConfig is the helpdesk of all stories.
func storyConfig() Config {
	c := builtin()
	c.Instance = "it.example"
	c.Reply.Domain = "reply.example.org"
	c.Queues = []QueueConfig{
		{Name: "it", Addresses: []string{"help@example.org", "desk@example.org"}, Display: "IT helpdesk", Tag: "IT", Agents: []string{"bob", "bea"}, Language: "en", Zone: "Europe/Berlin", ReopenWindow: builtin().Queues[0].ReopenWindow},
		{Name: "hr", Addresses: []string{"hr@example.org"}, Display: "People", Tag: "HR", Agents: []string{"carl"}, Language: "en", Zone: "UTC", ReopenWindow: builtin().Queues[0].ReopenWindow},
	}
	c.Agents = []AgentConfig{
		{Name: "bob", Display: "Bob Brown", Addresses: []string{"bob@example.org", "b.brown@example.org"}},
		{Name: "bea", Display: "Bea Blue", Addresses: []string{"bea@example.org"}},
		{Name: "carl", Display: "Carl Clay", Addresses: []string{"carl@example.org"}},
	}
	c.Limits.NoticesTicket = 10 // twice the default: many things happen in one moment of a story
	return c
}

func newStory(t *testing.T, url, file string) *story {
	ar, err := txtar.ParseFile(file)
	if err != nil {
		t.Fatal(err)
	}
	s := &story{t: t, url: url, files: map[string]string{"": string(ar.Comment)}, vars: map[string]string{}, refuse: map[string]string{}, putOff: map[string]string{},
		now: time.Date(2026, 3, 2, 9, 0, 0, 0, time.UTC), cfg: storyConfig()}
	for _, f := range ar.Files {
		s.files[f.Name] = string(f.Data)
	}
	s.start()
	t.Cleanup(func() { s.db.Close() })
	return s
}

// start brings up a process on the database, as after a restart.
func (s *story) start() {
	s.t.Helper()
	if s.db == nil {
		db, err := ticketdb.Open(context.Background(), ticketdb.Config{URL: s.url})
		if err != nil {
			s.t.Fatal(err)
		}
		s.db = db
	}
	s.crash = &crashing{Store: s.db}
	s.house = newHelpdesk(s.db, tickets.Keyring{Current: 1, Keys: map[uint8][]byte{1: []byte("a key for stories of 32 octets..")}},
		func() time.Time { return s.now }, slog.New(slog.NewTextHandler(io.Discard, nil)))
	s.house.desk.Store = s.crash
	settings := s.cfg.Settings()
	s.house.settings.Store(settings)
	composer, err := composerFor(s.cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	s.house.composer.Store(composer)
	s.loadRules(settings)
}

func (s *story) loadRules(settings *tickets.Settings) {
	s.t.Helper()
	o := rules.Options{Settings: settings}
	set, problems := rules.LoadDefault(o)
	if text, ok := s.files["rules.yaml"]; ok {
		set, problems = rules.Compile([]rules.File{{Name: "rules.yaml", Text: []byte(text)}}, o)
	}
	if len(problems) > 0 {
		s.t.Fatal(problems)
	}
	var r tickets.Rules = set
	s.house.rules.Store(&r)
}

// script is the story's comment, line by line.
func (s *story) script() []string { return strings.Split(s.files[""], "\n") }

// play carries out the lines; the first failure names its line.
func (s *story) play(lines []string) {
	s.t.Helper()
	for n, line := range lines {
		words, err := shellWords(line)
		if err != nil {
			s.t.Fatalf("line %d: %v", n+1, err)
		}
		if len(words) == 0 {
			continue
		}
		do, ok := verbs[words[0]]
		if !ok {
			s.t.Fatalf("line %d: no such verb: %s", n+1, line)
		}
		if err := do(s, words[1:]); err != nil {
			s.t.Fatalf("line %d: %s\n%v\n%s", n+1, line, err, s.state())
		}
	}
}

// state helps to understand a failure: what there is now.
func (s *story) state() string {
	var b strings.Builder
	for _, m := range s.unread {
		fmt.Fprintf(&b, "unread: to=%s role=%s subject=%q\n", m.out.To, m.out.Role, m.msg.Subject)
	}
	infos, _ := s.db.ListArrivals(context.Background(), ticketdb.ArrivalFilter{})
	for _, a := range infos {
		fmt.Fprintf(&b, "arrival %d: %s %s ticket=%d entry=%d why=%q error=%q\n", a.Arrival.ID, a.State, a.Result.Outcome, a.Result.Ticket, a.Result.Entry, a.Result.Why, a.Error)
		for _, step := range a.Result.Trace {
			fmt.Fprintf(&b, "    %s %s\n", step.Ask, step.Ans)
		}
	}
	return b.String()
}

// flush lets the outgoing mail leave, through a relay that refuses some addresses.
func (s *story) flush() error {
	ctx := context.Background()
	for {
		// A tiny lease: a dead process's mails are free at once.
		out, err := s.crash.Claim(ctx, tickets.Claim{Owner: "story", Max: 10, Lease: time.Microsecond, At: s.now})
		if err != nil || len(out) == 0 {
			return err
		}
		for _, o := range out {
			if err := s.sendOne(ctx, o); err != nil {
				return err
			}
		}
	}
}

func (s *story) sendOne(ctx context.Context, o tickets.Outgoing) error {
	v := tickets.Verdict{Outgoing: o.ID, Fence: o.Fence, Kind: tickets.VerdictSent, Code: "250 2.0.0"}
	if answer, no := s.refuse[o.To]; no {
		v.Kind, v.Code, v.Answer = tickets.VerdictNever, "550 5.1.1", answer
		return s.house.desk.Record(ctx, v)
	}
	if answer, later := s.putOff[o.To]; later {
		v.Kind, v.Code, v.Answer, v.NextTry = tickets.VerdictLater, "451 4.7.1", answer, s.now.Add(time.Hour)
		return s.house.desk.Record(ctx, v)
	}
	raw, err := s.house.assemble(o)
	if err != nil {
		return err
	}
	msg := mailin.Parse(ctx, stringRaw(raw), mailin.Envelope{From: &o.From, To: []string{o.To}})
	if err := s.plainly(o, msg); err != nil {
		return err
	}
	if err := s.crash.send(func() { s.unread = append(s.unread, sentMail{o, raw, msg}) }); err != nil {
		return err
	}
	return s.house.desk.Record(ctx, v)
}

// settle does what a running process does between mails. A dead one does nothing.
func (s *story) settle() error {
	err := s.work()
	if s.crash.dead {
		return nil
	}
	return err
}

func (s *story) work() error {
	ctx := context.Background()
	if _, err := s.house.desk.Sweep(ctx, 100); err != nil {
		return err
	}
	if _, err := s.house.desk.Tick(ctx, 100); err != nil {
		return err
	}
	return s.flush()
}

// end holds every story to the invariants.
func (s *story) end() {
	s.t.Helper()
	for _, problem := range s.invariants() {
		s.t.Errorf("at the end: %s\n%s", problem, s.state())
	}
}

func (s *story) invariants() (bad []string) {
	ctx := context.Background()
	if len(s.unread) > 0 {
		bad = append(bad, fmt.Sprintf("%d unread mails", len(s.unread)))
	}
	before := s.ledger()
	s.start()
	if err := s.settle(); err != nil {
		bad = append(bad, err.Error())
	}
	if after := s.ledger(); after != before {
		bad = append(bad, "a restart changed something: "+firstDifference(before, after))
	}
	open, err := s.db.ListArrivals(ctx, ticketdb.ArrivalFilter{State: tickets.StateNew})
	if err != nil || len(open) > 0 {
		bad = append(bad, fmt.Sprintf("%d arrivals without an outcome (%v)", len(open), err))
	}
	err = s.db.Verify(ctx, func(c ticketdb.Check) {
		if !c.OK {
			bad = append(bad, fmt.Sprintf("ticket %d does not add up: %s", c.Ticket, c.Why))
		}
	})
	if err != nil {
		bad = append(bad, err.Error())
	}
	acts, err := s.db.Audit(ctx)
	if err != nil {
		bad = append(bad, err.Error())
	}
	for _, a := range acts {
		bad = append(bad, fmt.Sprintf("ticket %d, event %d (%s): %s", a.Ticket, a.Seq, a.Kind, a.Why))
	}
	return append(bad, s.leaks()...)
}

// leaks: a note or a held entry went to nobody but agents.
func (s *story) leaks() (bad []string) {
	all, err := s.db.ListOutbox(context.Background(), ticketdb.OutboxFilter{Limit: 1000})
	if err != nil {
		return []string{err.Error()}
	}
	for _, o := range all {
		if strings.HasPrefix(o.Recipient, "agent ") || o.Entry == 0 || o.State == tickets.OutCancelled { // what was stopped never left
			continue
		}
		for _, e := range must(s.db.EntriesOf(context.Background(), o.Ticket)) {
			if e.ID == o.Entry && !e.Public() && e.State != tickets.EntryQuiet {
				bad = append(bad, fmt.Sprintf("outgoing %d carried entry %d (%s, %s) to %s", o.ID, e.ID, e.Kind, e.State, o.Recipient))
			}
		}
	}
	return bad
}

// ledger is everything that happened, as text.
func (s *story) ledger() string {
	var b strings.Builder
	for _, t := range must(s.db.ListTickets(context.Background(), ticketdb.TicketFilter{Limit: 1000})) {
		for _, e := range must(s.db.EventsOf(context.Background(), t.ID)) {
			kind, data, _ := tickets.EncodeBody(e.Body)
			fmt.Fprintf(&b, "%d/%d %s %s\n", t.ID, e.Seq, kind, data)
		}
	}
	return b.String()
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestMain(m *testing.M) {
	code := maillab.Main(m)
	if builtIn != "" {
		os.RemoveAll(builtIn)
	}
	os.Exit(code)
}
