package main

import (
	"fmt"
	"strings"
	"sync"

	"github.com/wacloud/wacloud"
)

// shop holds the carts and orders. Each change names the event that caused it, so that an event which is handled again
// after an error changes nothing twice.
type shop struct {
	mu     sync.Mutex
	carts  map[wacloud.UserKey]*cart
	orders map[UUID]order
	placed map[string]UUID // the order that an event placed
}

type cart struct {
	lines []line
	done  map[string]bool // ids of the events that changed this cart
}

type line struct {
	number int // what cart:remove:<n> names: it stays the same when other lines go
	item   item
}

type order struct {
	lines []line
}

func newShop() *shop {
	return &shop{carts: map[wacloud.UserKey]*cart{}, orders: map[UUID]order{}, placed: map[string]UUID{}}
}

func (s *shop) cart(user wacloud.UserKey) *cart {
	c := s.carts[user]
	if c == nil {
		c = &cart{done: map[string]bool{}}
		s.carts[user] = c
	}
	return c
}

// add puts an item into the cart and returns its line.
func (s *shop) add(e *wacloud.Event, it item) line {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.cart(e.UserKey())
	if !c.done[e.ID] {
		c.done[e.ID] = true
		next := 1
		if n := len(c.lines); n > 0 {
			next = c.lines[n-1].number + 1
		}
		c.lines = append(c.lines, line{next, it})
	}
	return c.lines[len(c.lines)-1]
}

// remove takes line n out of the cart.
func (s *shop) remove(user wacloud.UserKey, n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.cart(user)
	for i, l := range c.lines {
		if l.number == n {
			c.lines = append(c.lines[:i:i], c.lines[i+1:]...)
			return
		}
	}
}

func (s *shop) lines(user wacloud.UserKey) []line {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]line(nil), s.cart(user).lines...)
}

// confirm turns the cart into an order. It returns false when the cart is empty.
func (s *shop) confirm(e *wacloud.Event) (UUID, order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if id, ok := s.placed[e.ID]; ok {
		return id, s.orders[id], true
	}
	c := s.cart(e.UserKey())
	if len(c.lines) == 0 {
		return UUID{}, order{}, false
	}
	id, o := newUUID(), order{c.lines}
	s.orders[id], s.placed[e.ID] = o, id
	delete(s.carts, e.UserKey())
	return id, o, true
}

func (s *shop) order(id UUID) (order, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	o, ok := s.orders[id]
	return o, ok
}

func total(lines []line) (cents int) {
	for _, l := range lines {
		cents += l.item.Cents
	}
	return cents
}

func receipt(lines []line) string {
	var b strings.Builder
	for _, l := range lines {
		fmt.Fprintf(&b, "%d. %s · %s\n", l.number, l.item.Name, price(l.item.Cents))
	}
	fmt.Fprintf(&b, "*Total: %s*", price(total(lines)))
	return b.String()
}
