/* SPDX-License-Identifier: BSD-3-Clause */
#include "doc.h"
#include "faults.h"
#include "reference.h"

static void
check_fault(const struct fault *fault, const char *how, int rc, const struct weir_err *err)
{
	cr_expect_eq(rc, -fault->errnum, "%s %s: returned %d, not %d: %s: %s", how, fault->patch, rc, -fault->errnum,
	    err->path, err->msg);
	cr_expect_eq(err->errnum, fault->errnum);
	if (fault->path != NULL)
		cr_expect_str_eq(
		    err->path, fault->path, "%s %s: at %s, not %s", how, fault->patch, err->path, fault->path);
	cr_expect(strstr(err->msg, fault->msg) != NULL, "%s %s: says \"%s\", not \"%s\"", how, fault->patch, err->msg,
	    fault->msg);
}

void
check_wrong_patches(const char *document, const struct fault *faults, size_t n)
{
	struct weir_model *model = new_model();
	struct weir_change *change;
	struct weir_err err;

	must_load(model, document);
	for (size_t i = 0; i < n; i++) {
		int rc = patch(model, faults[i].patch, &change, &err);

		check_fault(&faults[i], "patch", rc, &err);
		if (rc == 0)
			weir_model_abort(model, change);
		assert_shows(model, "", document);
	}
	weir_model_free(model);
}

void
check_wrong_loads(const char *document, const struct fault *faults, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *text = reference_patch(document, faults[i].patch);
		struct weir_model *model = new_model();
		struct weir_change *change;
		struct weir_err err;

		check_fault(&faults[i], "load", load(model, text, &change, &err), &err);
		assert_shows(model, "", "{}");
		weir_model_free(model);
		free(text);
	}
}

void
check_fine(const char *document, const char *const *patches, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		char *text = reference_patch(document, patches[i]);
		struct weir_model *patched = new_model(), *loaded = new_model();

		must_load(patched, document);
		must_patch(patched, patches[i]);
		assert_shows(patched, "", text);
		must_load(loaded, text);
		assert_shows(loaded, "", text);
		weir_model_free(patched);
		weir_model_free(loaded);
		free(text);
	}
}
