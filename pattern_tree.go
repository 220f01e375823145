package wacloud

import "strings"

// A patternTree finds the most specific of many patterns that match an id. Its edges are segments.
//
// add refuses overlaps of which neither is more specific than the other. So all patterns that match one id form a chain,
// and going literal first, then parameter, then rest at each segment ends at the most specific one.
type patternTree[T any] struct {
	root patternNode[T]
}

type patternNode[T any] struct {
	first    literalEdge[T]             // most nodes have one literal: no map is needed to find it
	literals map[string]*patternNode[T] // the others
	param    *patternNode[T]
	rest     *patternLeaf[T] // the pattern goes on with a rest
	leaf     *patternLeaf[T] // the pattern ends here
}

type literalEdge[T any] struct {
	text string
	next *patternNode[T]
}

type patternLeaf[T any] struct {
	pattern *pattern
	value   T
}

// add puts p in the tree, or returns the pattern that it conflicts with.
func (t *patternTree[T]) add(p *pattern, value T) (conflict *patternLeaf[T]) {
	if other := t.root.conflict(p.segments, false, false); other != nil {
		return other
	}
	leaf := &patternLeaf[T]{p, value}
	n := &t.root
	for _, s := range p.segments {
		if s.kind == segmentRest {
			n.rest = leaf
			return nil
		}
		n = n.child(s)
	}
	n.leaf = leaf
	return nil
}

// child finds or makes the node behind a segment.
func (n *patternNode[T]) child(s segment) *patternNode[T] {
	if s.kind == segmentParam {
		if n.param == nil {
			n.param = new(patternNode[T])
		}
		return n.param
	}
	if next := n.literal(s.text); next != nil {
		return next
	}
	next := new(patternNode[T])
	if n.first.next == nil {
		n.first = literalEdge[T]{s.text, next}
		return next
	}
	if n.literals == nil {
		n.literals = make(map[string]*patternNode[T])
	}
	n.literals[s.text] = next
	return next
}

// literal is the node behind a literal, or nil.
func (n *patternNode[T]) literal(text string) *patternNode[T] {
	if n.first.text == text {
		return n.first.next
	}
	return n.literals[text]
}

// behindLiterals yields the nodes behind all literals.
func (n *patternNode[T]) behindLiterals(yield func(*patternNode[T]) bool) {
	if n.first.next == nil || !yield(n.first.next) {
		return
	}
	for _, next := range n.literals {
		if !yield(next) {
			return
		}
	}
}

// conflict finds a pattern below n that matches some id that new matches too, unless one of the two is more specific.
// newWins and oldWins tell whether the new or the old pattern was the narrower one at an earlier segment.
func (n *patternNode[T]) conflict(new []segment, newWins, oldWins bool) *patternLeaf[T] {
	if len(new) == 0 {
		return clash(n.leaf, newWins, oldWins)
	}
	s, tail := new[0], new[1:]
	if s.kind == segmentRest {
		if other := clash(n.rest, newWins, oldWins); other != nil || !newWins {
			return other
		}
		return n.anyFurther() // narrower from here on, but wider before
	}
	if other := clash(n.rest, true, oldWins); other != nil {
		return other
	}
	if s.kind == segmentLiteral {
		if next := n.literal(s.text); next != nil {
			if other := next.conflict(tail, newWins, oldWins); other != nil {
				return other
			}
		}
		newWins = true // against a parameter
	} else {
		for next := range n.behindLiterals {
			if other := next.conflict(tail, newWins, true); other != nil {
				return other
			}
		}
	}
	if n.param == nil {
		return nil
	}
	return n.param.conflict(tail, newWins, oldWins)
}

// clash returns old unless exactly one of the two patterns is the narrower one.
func clash[T any](old *patternLeaf[T], newWins, oldWins bool) *patternLeaf[T] {
	if old != nil && newWins == oldWins {
		return old
	}
	return nil
}

// anyFurther is some pattern that has a parameter or a literal behind n.
func (n *patternNode[T]) anyFurther() *patternLeaf[T] {
	if n.param != nil {
		return n.param.any()
	}
	if n.first.next != nil {
		return n.first.next.any()
	}
	return nil
}

func (n *patternNode[T]) any() *patternLeaf[T] {
	if n.leaf != nil {
		return n.leaf
	}
	if n.rest != nil {
		return n.rest
	}
	return n.anyFurther()
}

// find returns the most specific pattern that matches id, or nil. An empty id matches nothing.
func (t *patternTree[T]) find(id string) *patternLeaf[T] {
	if id == "" {
		return nil
	}
	return t.root.find(id)
}

// find visits each node at most once, because a node stands for one place in the id.
func (n *patternNode[T]) find(id string) *patternLeaf[T] {
	head, tail, more := strings.Cut(id, ":")
	if head != "" {
		if next := n.literal(head); next != nil {
			if found := next.after(tail, more); found != nil {
				return found
			}
		}
		if n.param != nil {
			if found := n.param.after(tail, more); found != nil {
				return found
			}
		}
	}
	return n.rest
}

func (n *patternNode[T]) after(tail string, more bool) *patternLeaf[T] {
	if more {
		return n.find(tail)
	}
	return n.leaf
}
