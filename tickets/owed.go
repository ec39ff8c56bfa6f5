package tickets

import (
	"context"
	"maps"
	"sync"
)

// owed are failures that could not be booked because the database was away. They
// are kept in memory and booked by the next sweep, so that an outage does not
// leave an arrival waiting as if its attempt still ran. A process that dies
// forgets them; then the store counts the attempt as over after a while.
type owed struct {
	mu   sync.Mutex
	list map[int64]Failure
}

func (o *owed) add(id int64, f Failure) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.list == nil {
		o.list = map[int64]Failure{}
	}
	o.list[id] = f
}

// pay books what is owed; what cannot be booked stays owed.
func (o *owed) pay(ctx context.Context, s Store) {
	o.mu.Lock()
	list := maps.Clone(o.list)
	o.mu.Unlock()
	for id, f := range list {
		if err := s.Fail(ctx, id, f); err != nil {
			return
		}
		o.mu.Lock()
		delete(o.list, id)
		o.mu.Unlock()
	}
}
