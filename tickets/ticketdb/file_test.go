package ticketdb_test

import (
	"context"
	"fmt"
	"os"

	"postern/tickets/ticketdb"
)

// openElsewhere is the other process of TestSecondProcess.
func openElsewhere(path string) int {
	db, err := ticketdb.Open(context.Background(), ticketdb.Config{URL: "sqlite:" + path})
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return 1
	}
	db.Close()
	return 0
}
