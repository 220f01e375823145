package simulator

import (
	"errors"
	"fmt"
	"net/http"

	"github.com/wacloud/wacloud"
	"github.com/wacloud/wacloud/internal/graph"
)

// phoneRequest says what a phone cannot show.
type phoneRequest struct {
	Refuses    []string `json:"refuses"`
	RefuseCode int      `json:"refuse_code"`
}

func (s *Simulator) addUser(_ *http.Request, in struct {
	Name       string `json:"name"`
	Phone      string `json:"phone"`
	UserID     string `json:"user_id"`
	Username   string `json:"username"`
	HidePhone  bool   `json:"hide_phone"`
	HideUserID bool   `json:"hide_user_id"`
	phoneRequest
},
) (any, error) {
	n := len(s.engine.Users()) + 1
	id := wacloud.User{Name: in.Name, Phone: in.Phone, ID: in.UserID, Username: in.Username}
	if id.Name == "" {
		id.Name = fmt.Sprintf("User %d", n)
	}
	if id.Phone == "" && !in.HidePhone {
		id.Phone = fmt.Sprintf("5511900%06d", n)
	}
	if id.ID == "" && !in.HideUserID {
		id.ID = fmt.Sprintf("BR.sim%010d", n)
	}
	if in.HidePhone {
		id.Phone = ""
	}
	if in.HideUserID {
		id.ID = ""
	}
	u, err := s.engine.AddUser(id)
	if err != nil {
		return nil, errors.New(plain(err))
	}
	return s.setPhone(u.Key, in.phoneRequest)
}

// changeUser changes what a user's phone cannot show.
func (s *Simulator) changeUser(r *http.Request, in phoneRequest) (any, error) {
	u, ok := s.engine.FindUser(r.PathValue("id"))
	if !ok {
		return nil, notFound("there is no such user")
	}
	return s.setPhone(u.Key, in)
}

func (s *Simulator) setPhone(key string, in phoneRequest) (any, error) {
	if err := s.engine.SetPhone(key, graph.Phone{Refuses: in.Refuses, Code: in.RefuseCode}); err != nil {
		return nil, err
	}
	u, _ := s.engine.FindUser(key)
	return stateOfUser(graph.User{Key: u.Key, Identity: u.Identity, Phone: graph.Phone{Refuses: in.Refuses, Code: in.RefuseCode}}), nil
}

// Refuse makes the phone of a user, named by id, phone number, user id or name, one that cannot show some kinds of messages, by
// Meta's names: "carousel", "list", "video". They are accepted and then fail with 131026, as on a phone that is too old.
// Without kinds it can show everything again.
func (s *Simulator) Refuse(user string, kinds ...string) error {
	u, ok := s.engine.FindUser(user)
	if !ok {
		return errors.New("simulator: refuse: there is no such user")
	}
	if err := s.engine.SetPhone(u.Key, graph.Phone{Refuses: kinds}); err != nil {
		return fmt.Errorf("simulator: refuse: %w", err)
	}
	return nil
}
