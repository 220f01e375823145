package browsertest

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/chromedp/cdproto/accessibility"
	"github.com/chromedp/cdproto/dom"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
	"github.com/stretchr/testify/require"
)

// seen is something that a screen reader finds: its role and its name. Text has the role "StaticText".
type seen struct{ role, name string }

func text(name string) seen    { return seen{"StaticText", name} }
func button(name string) seen  { return seen{"button", name} }
func anchor(name string) seen  { return seen{"link", name} }
func picture(name string) seen { return seen{"image", name} }

// accessible returns the accessibility tree under the element that an expression finds.
func (p *tab) accessible(element string) []seen {
	p.t.Helper()
	object, err := chromedp.Run(p.ctx, chromedp.Evaluate[*runtime.RemoteObject](element))
	require.NoError(p.t, err, element)
	described, err := chromedp.Call(p.ctx, dom.DescribeNode, dom.DescribeNodeParams{ObjectID: object.ObjectID})
	require.NoError(p.t, err, element)
	tree, err := chromedp.Call(p.ctx, accessibility.GetFullAXTree, accessibility.GetFullAXTreeParams{})
	require.NoError(p.t, err)
	nodes := map[accessibility.NodeID]*accessibility.Node{}
	var root *accessibility.Node
	for _, n := range tree.Nodes {
		nodes[n.NodeID] = n
		if n.BackendDOMNodeID == described.Node.BackendNodeID {
			root = n
		}
	}
	require.NotNil(p.t, root, "%s is not in the accessibility tree", element)
	return collect(root, nodes, nil)
}

func collect(n *accessibility.Node, nodes map[accessibility.NodeID]*accessibility.Node, found []seen) []seen {
	if !n.Ignored {
		found = append(found, seen{value(n.Role), value(n.Name)})
	}
	for _, id := range n.ChildIDs {
		if child := nodes[id]; child != nil {
			found = collect(child, nodes, found)
		}
	}
	return found
}

func value(v *accessibility.Value) string {
	var s string
	if v != nil {
		_ = json.Unmarshal(v.Value, &s) // other values are no names
	}
	return s
}

// list is what was seen, for the message of a failed test.
func list(all []seen) string {
	var b strings.Builder
	for _, s := range all {
		fmt.Fprintf(&b, "\n\t%s %q", s.role, s.name)
	}
	return b.String()
}
