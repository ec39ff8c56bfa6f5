package maillab

import (
	"fmt"
	"testing"
)

// NewDatabase makes an empty database and returns its URL. The end of the test
// drops it, whoever is still connected.
func (p *PostgresServer) NewDatabase(t testing.TB) string {
	t.Helper()
	return p.database(t, "template0")
}

// NewDatabaseFrom makes a copy of the database that fill has filled. fill runs
// once for each key and server (to run migrations, say) and must have closed its
// connections when it returns; afterwards a copy costs little.
func (p *PostgresServer) NewDatabaseFrom(t testing.TB, key string, fill func(url string) error) string {
	t.Helper()
	p.mu.Lock()
	name, known := p.templates[key]
	if !known {
		name = fmt.Sprintf("template_%d", len(p.templates)+10)
		if err := p.create(name, "template0"); err != nil {
			p.mu.Unlock()
			t.Fatal(err)
		}
		if err := fill(p.URL(name)); err != nil {
			p.mu.Unlock()
			t.Fatalf("filling the template database %s: %v", key, err)
		}
		p.templates[key] = name
	}
	p.mu.Unlock()
	return p.database(t, name)
}

func (p *PostgresServer) database(t testing.TB, template string) string {
	t.Helper()
	p.mu.Lock()
	p.databases++
	name := fmt.Sprintf("test_%d", p.databases)
	p.mu.Unlock()
	if err := p.create(name, template); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { p.drop(name) })
	return p.URL(name)
}

func (p *PostgresServer) create(name, template string) error {
	if _, err := p.admin.Exec(`CREATE DATABASE ` + name + ` TEMPLATE ` + template); err != nil {
		return fmt.Errorf("creating a database: %w\n%s", err, p.Log())
	}
	return nil
}

// drop frees the space early; a server that is down keeps its databases until it
// is removed itself.
func (p *PostgresServer) drop(name string) {
	p.mu.Lock()
	up := !p.proc.ended()
	p.mu.Unlock()
	if up {
		_, _ = p.admin.Exec(`DROP DATABASE IF EXISTS ` + name + ` WITH (FORCE)`)
	}
}
