package mailin

import (
	"errors"
	"net/netip"
	"sync"
	"time"

	"github.com/emersion/go-sasl"
)

// A peer may guess so often in so long.
const (
	maxFailures = 5
	failureSpan = 10 * time.Minute
)

// AuthMechanisms names what EHLO offers: nothing where a password would go in clear.
func (s *session) AuthMechanisms() []string {
	if s.l.Auth == nil || !s.mayAuth() {
		return nil
	}
	return []string{sasl.Plain, sasl.Login}
}

// mayAuth tells whether a password is safe here.
func (s *session) mayAuth() bool {
	return s.tls || s.l.ClearAuth || !s.conn.ip.IsValid() || s.conn.ip.IsLoopback()
}

// Auth begins a login (smtp.AuthSession).
func (s *session) Auth(mech string) (sasl.Server, error) {
	switch {
	case s.l.Auth == nil:
		return nil, s.refuse("AUTH", refusal(502, 5, 5, 1, "AUTH is not available here"))
	case !s.mayAuth():
		return nil, s.refuse("AUTH", refusal(538, 5, 7, 11, "Encryption required"))
	case s.mailing():
		return nil, s.refuse("AUTH", refusal(503, 5, 5, 1, "AUTH not allowed during a message"))
	case s.l.logins.many(s.conn.ip):
		return nil, s.refuse("AUTH", refusal(454, 4, 7, 0, "Too many failed logins, try again later"))
	}
	switch mech {
	case sasl.Plain:
		return sasl.NewPlainServer(func(identity, user, password string) error {
			if identity != "" && identity != user {
				return s.login("", "")
			}
			return s.login(user, password)
		}), nil
	case sasl.Login:
		return &loginServer{login: s.login}, nil
	}
	return nil, s.refuse("AUTH", refusal(504, 5, 5, 4, "Unknown mechanism"))
}

func (s *session) mailing() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.env.mail
}

// login asks who this is. The password goes nowhere else.
func (s *session) login(user, password string) error {
	agent, err := "", ErrAuth
	if user != "" && password != "" {
		agent, err = s.l.Auth(user, password)
	}
	if err == nil && agent == "" {
		err = ErrAuth
	}
	if errors.Is(err, ErrAuth) {
		s.l.logins.add(s.conn.ip)
		s.l.Count(MetricAuthFailed)
		s.log.Warn("login failed", "user", clean(user))
		return s.refuse("AUTH", refusal(535, 5, 7, 8, "Authentication failed"))
	}
	if err != nil {
		s.log.Error("login could not be checked", "err", err)
		return s.refuse("AUTH", refusal(454, 4, 7, 0, "Try again later ("+s.id+")"))
	}
	s.mu.Lock()
	s.agent = agent
	s.mu.Unlock()
	s.conn.useful()
	s.log.Info("login", "agent", agent)
	return nil
}

// loginServer is the server's side of AUTH LOGIN (draft-murchison-sasl-login).
type loginServer struct {
	login func(user, password string) error
	user  *string
}

// Next answers one line of the client (sasl.Server).
func (a *loginServer) Next(response []byte) (challenge []byte, done bool, err error) {
	switch {
	case response == nil:
		return []byte("Username:"), false, nil
	case a.user == nil:
		user := string(response)
		a.user = &user
		return []byte("Password:"), false, nil
	}
	return nil, true, a.login(*a.user, string(response))
}

// failures remembers failed logins by address.
type failures struct {
	now func() time.Time
	mu  sync.Mutex
	at  map[netip.Addr][]time.Time
}

// many tells whether an address has guessed too often.
func (f *failures) many(a netip.Addr) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.recent(a)) >= maxFailures
}

// add books a failure, and forgets old ones of everybody.
func (f *failures) add(a netip.Addr) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.at == nil {
		f.at = map[netip.Addr][]time.Time{}
	}
	for other := range f.at {
		if len(f.recent(other)) == 0 {
			delete(f.at, other)
		}
	}
	f.at[a] = append(f.recent(a), f.now())
}

func (f *failures) recent(a netip.Addr) []time.Time {
	list := f.at[a]
	for len(list) > 0 && f.now().Sub(list[0]) >= failureSpan {
		list = list[1:]
	}
	return list
}
