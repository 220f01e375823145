package simulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"regexp"
	"slices"
	"strings"

	"github.com/wacloud/wacloud/internal/graph"
)

// transcript answers with a chat.
func (s *Simulator) transcript(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	u, number, err := s.find(place{q.Get("user"), q.Get("number")})
	if err != nil {
		finish(w, nil, err)
		return
	}
	t := s.engine.Transcript(number, u)
	switch q.Get("as") {
	case "", "json":
		finish(w, t, nil)
	case "markdown":
		w.Header().Set("Content-Type", "text/markdown; charset=utf-8")
		_, _ = io.WriteString(w, t.Markdown()) // a client that went away has no use for an error
	default:
		refuse(w, http.StatusBadRequest, "as must be json or markdown")
	}
}

// savedState is a state with the settings.
type savedState struct {
	graph.State
	Settings settings `json:"settings"`
}

func (s *Simulator) saved() savedState {
	return savedState{s.engine.Save(), settingsOf(s.engine.Policy())}
}

func (s *Simulator) download(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Disposition", `attachment; filename="wasim.json"`)
	finish(w, s.saved(), nil)
}

// stateName is what a state may be called: no path, and nothing hidden.
var stateName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// folder opens the folder of the states. Nothing outside it can be reached, links included.
func (s *Simulator) folder(name string) (*os.Root, error) {
	if s.opts.Dir == "" {
		return nil, failure{http.StatusConflict, "the simulator was started without a folder for states"}
	}
	if !stateName.MatchString(name) {
		return nil, errors.New("a name is 1 to 64 letters, digits, - and _, and starts with a letter or digit")
	}
	if err := os.MkdirAll(s.opts.Dir, 0o700); err != nil {
		return nil, errors.New("the folder for states cannot be made")
	}
	root, err := os.OpenRoot(s.opts.Dir)
	if err != nil {
		return nil, errors.New("the folder for states cannot be opened")
	}
	return root, nil
}

func (s *Simulator) save(_ *http.Request, in struct {
	Name string `json:"name"`
},
) (any, error) {
	root, err := s.folder(in.Name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // nothing is buffered
	if err := root.WriteFile(in.Name+".json", asJSON(s.saved()), 0o600); err != nil {
		return nil, errors.New("the state cannot be written")
	}
	return nil, nil
}

// restore takes a whole state, or the name of one.
func (s *Simulator) restore(_ *http.Request, in json.RawMessage) (any, error) {
	var named struct {
		Name *string `json:"name"`
	}
	if json.Unmarshal(in, &named) == nil && named.Name != nil {
		var err error
		if in, err = s.load(*named.Name); err != nil {
			return nil, err
		}
	}
	st := savedState{Settings: settingsOf(s.engine.Policy())}
	if err := decode(strings.NewReader(string(in)), &st); err != nil {
		return nil, err
	}
	policy, err := st.Settings.policy()
	if err != nil {
		return nil, err
	}
	if err := s.engine.Restore(st.State); err != nil {
		return nil, errors.New(plain(err))
	}
	s.engine.SetPolicy(policy)
	return nil, nil
}

func (s *Simulator) load(name string) ([]byte, error) {
	root, err := s.folder(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = root.Close() }() // nothing is buffered
	f, err := root.Open(name + ".json")
	if err != nil {
		return nil, notFound("there is no such state")
	}
	defer func() { _ = f.Close() }() // it was only read
	if info, err := f.Stat(); err != nil || !info.Mode().IsRegular() {
		return nil, errors.New("the state is not a file")
	}
	data, err := io.ReadAll(io.LimitReader(f, maxState+1))
	if err != nil || len(data) > maxState {
		return nil, fmt.Errorf("the state cannot be read, or it is larger than %d MiB", maxState>>20)
	}
	return data, nil
}

func (s *Simulator) saves(*http.Request) (any, error) {
	out := struct {
		Names []string `json:"names"`
	}{[]string{}}
	entries, err := os.ReadDir(s.opts.Dir)
	if s.opts.Dir == "" || err != nil { // the folder is made when something is saved
		return out, nil //nolint:nilerr // no folder, no states
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(e.Name(), ".json"); ok && stateName.MatchString(name) {
			out.Names = append(out.Names, name)
		}
	}
	slices.Sort(out.Names)
	return out, nil
}
