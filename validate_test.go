package wacloud_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/wacloud/wacloud"
)

func TestValidateReportsAllProblemsAtOnce(t *testing.T) {
	t.Parallel()
	m := wacloud.NewList("", wacloud.Menu{
		Button: "Open",
		Sections: []wacloud.Section{
			{Title: "A", Rows: []wacloud.Row{{ID: "1", Title: "One"}}},
			{Rows: []wacloud.Row{{ID: "1", Title: strings.Repeat("x", 27)}}},
		},
	})
	err := m.Validate()
	require.ErrorIs(t, err, wacloud.ErrInvalid)
	v, ok := errors.AsType[*wacloud.ValidationError](err)
	require.True(t, ok)
	var paths []string
	for _, p := range v.Problems {
		paths = append(paths, p.Path)
	}
	require.Equal(t, []string{
		"interactive.body.text",
		"interactive.action.sections[1].title",
		"interactive.action.sections[1].rows[0].id",
		"interactive.action.sections[1].rows[0].title",
	}, paths)
	p, ok := errors.AsType[wacloud.Problem](err)
	require.True(t, ok)
	require.Equal(t, "interactive.body.text", p.Path)
	require.Equal(t, wacloud.Problem{
		Path: "interactive.action.sections[1].rows[0].title", Rule: "row.title", Got: "27 characters",
		Limit: "at most 24 characters", Hint: "shorten it and use the description",
	}, v.Problems[3])
}
