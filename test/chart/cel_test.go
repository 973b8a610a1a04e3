package chart

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/cel-go/cel"
	"github.com/google/cel-go/common/types"
	"github.com/google/cel-go/common/types/ref"
	"github.com/google/cel-go/ext"
	admissionregistrationv1 "k8s.io/api/admissionregistration/v1"
)

// perCallLimit is what one evaluation may cost in the API server
// (k8s.io/apiserver/pkg/apis/cel, PerCallLimit).
const perCallLimit = 1_000_000

// perPolicyLimit is what all expressions of one policy may cost (RuntimeCELCostBudget there).
const perPolicyLimit = 10 * perCallLimit

// environment has what Kubernetes 1.30 gives to admission policies, as far as
// the chart uses it (k8s.io/apiserver/pkg/cel/environment).
var environment = sync.OnceValues(func() (*cel.Env, error) {
	var options []cel.EnvOption
	for _, name := range []string{"object", "oldObject", "request", "namespaceObject", "variables", "authorizer"} {
		options = append(options, cel.Variable(name, cel.DynType))
	}
	options = append(options, authorizer()...)
	return cel.NewEnv(append(options,
		cel.HomogeneousAggregateLiterals(), cel.EagerlyValidateDeclarations(true), cel.DefaultUTCTimeZone(true),
		cel.CrossTypeNumericComparisons(true), cel.OptionalTypes(), ext.Strings(ext.StringsVersion(2)),
		cel.ASTValidators(cel.ValidateRegexLiterals(), cel.ValidateHomogeneousAggregateLiterals()),
	)...)
})

// authorizer stands in for the API server's: the text of who asks, to which each
// call adds its argument. admin may delete the switch.
func authorizer() []cel.EnvOption {
	var options []cel.EnvOption
	for _, name := range []string{"group", "resource", "namespace", "name", "check"} {
		options = append(options, cel.Function(name, cel.MemberOverload("string_"+name+"_string", []*cel.Type{cel.StringType, cel.StringType}, cel.StringType,
			cel.BinaryBinding(func(so, argument ref.Val) ref.Val {
				return types.String(fmt.Sprintf("%s %s=%s", so, name, argument))
			}))))
	}
	return append(options, cel.Function("allowed", cel.MemberOverload("string_allowed", []*cel.Type{cel.StringType}, cel.BoolType,
		cel.UnaryBinding(func(asked ref.Val) ref.Val {
			return types.Bool(asked.Equal(types.String("admin group= resource=configmaps namespace=registry-failover name=registry-failover check=delete")) == types.True)
		}))))
}

func compile(t testing.TB, expression string) cel.Program {
	t.Helper()
	env, err := environment()
	if err != nil {
		t.Fatal(err)
	}
	program, _ := compileIn(t, env, expression)
	return program
}

// compileIn tells also of which type the result is.
func compileIn(t testing.TB, env *cel.Env, expression string) (cel.Program, *cel.Type) {
	t.Helper()
	checked, issues := env.Compile(expression)
	if issues.Err() != nil {
		t.Fatalf("%v in\n%s", issues.Err(), expression)
	}
	program, err := env.Program(checked, cel.EvalOptions(cel.OptOptimize, cel.OptTrackCost), cel.CostLimit(perCallLimit))
	if err != nil {
		t.Fatalf("%v in\n%s", err, expression)
	}
	return program, checked.OutputType()
}

// A request is what a policy is asked about; nil stands for CEL's null.
type request struct {
	object, oldObject, namespace map[string]any
	attributes                   map[string]any
}

func (r request) activation() map[string]any {
	null := func(m map[string]any) any {
		if m == nil {
			return nil
		}
		return m
	}
	return map[string]any{
		"object": null(r.object), "oldObject": null(r.oldObject), "request": r.attributes,
		"namespaceObject": null(r.namespace), "variables": map[string]any{}, "authorizer": r.user(),
	}
}

func (r request) user() any {
	info, _ := r.attributes["userInfo"].(map[string]any)
	return info["username"]
}

// A policy is a ValidatingAdmissionPolicy that was compiled.
type policy struct {
	conditions  []cel.Program
	names       []string
	variables   []cel.Program
	validations []validation
}

type validation struct {
	expression, message cel.Program // no message expression: nil
	text                string
}

func newPolicy(t testing.TB, spec admissionregistrationv1.ValidatingAdmissionPolicySpec) policy {
	t.Helper()
	var p policy
	for _, c := range spec.MatchConditions {
		p.conditions = append(p.conditions, compile(t, c.Expression))
	}
	for _, v := range spec.Variables {
		p.names = append(p.names, v.Name)
		p.variables = append(p.variables, compile(t, v.Expression))
	}
	for _, v := range spec.Validations {
		next := validation{expression: compile(t, v.Expression), text: v.Message}
		if v.MessageExpression != "" {
			next.message = compile(t, v.MessageExpression)
		}
		p.validations = append(p.validations, next)
	}
	return p
}

// refusals are the messages of the validations that don't hold. Variables are
// evaluated even where nothing asks for them, so none may end in an error.
func (p policy) refusals(t testing.TB, r request) []string {
	t.Helper()
	activation := r.activation()
	for _, c := range p.conditions {
		if !evaluate[bool](t, c, activation) {
			return nil
		}
	}
	variables := activation["variables"].(map[string]any)
	var spent uint64
	for i, v := range p.variables {
		value, details, err := v.Eval(activation)
		if err != nil {
			t.Fatalf("variable %s: %v", p.names[i], err)
		}
		if spent += *details.ActualCost(); spent > perPolicyLimit {
			t.Fatalf("variable %s: the policy costs too much", p.names[i])
		}
		variables[p.names[i]] = value
	}
	var messages []string
	for _, v := range p.validations {
		if evaluate[bool](t, v.expression, activation) {
			continue
		}
		message := v.text
		if v.message != nil {
			message = evaluate[string](t, v.message, activation)
		}
		messages = append(messages, message)
	}
	return messages
}

func evaluate[T any](t testing.TB, program cel.Program, activation map[string]any) T {
	t.Helper()
	value, _, err := program.Eval(activation)
	if err != nil {
		t.Fatal(err)
	}
	result, ok := value.Value().(T)
	if !ok {
		t.Fatalf("the expression gives %v", value)
	}
	return result
}
