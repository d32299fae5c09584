/* SPDX-License-Identifier: Apache-2.0 */
/* wardctl try: what a care plan would have said to recorded readings, without a daemon. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl/plan_file.h"
#include "ctl/try_order.h"
#include "ctl/try_run.h"
#include "ctl/try_show.h"
#include "ctl/verbs.h"
#include "ctl/zone_file.h"

/* A plan that was read, with its zone; kept until the end. */
struct plan {
    struct ward_care_plan plan;
    struct ward_zone zone;
    bool has_zone;
    struct plan *next;
};

struct job {
    const char *path; /* of the readings; "-" is standard input */
    const char *compare;
    uint64_t after_s;
    bool as_json, sorted;
    struct plan *plans;
    struct ward_try *runs[2];
    size_t run_count;
};

/* --- plans --------------------------------------------------------------------------------------------------- */

static struct plan *read_plan(struct job *job, const char *path)
{
    struct plan *plan = calloc(1, sizeof(*plan));

    if (plan == NULL) {
        (void)ward_ctl_fail("out of memory");
        return NULL;
    }
    if (ward_plan_file_read(path, &plan->plan, false) != WARD_CTL_DONE) {
        free(plan);
        return NULL;
    }
    plan->has_zone = ward_zone_file_read(plan->plan.zone, &plan->zone);
    plan->next = job->plans;
    job->plans = plan;
    return plan;
}

/* A line names a file beside the readings; or, where there is none, as the caller would name it. */
static const struct ward_care_plan *plan_of_line(void *context, const char *name,
                                                 const struct ward_zone **ret_zone)
{
    struct job *job = context;
    const char *slash = strrchr(job->path, '/');
    int length = slash != NULL && name[0] != '/' ? (int)(slash - job->path + 1) : 0;
    char path[4096];
    struct plan *plan;

    if (snprintf(path, sizeof(path), "%.*s%s", length, job->path, name) >= (int)sizeof(path)) {
        return NULL;
    }
    plan = read_plan(job, access(path, R_OK) == 0 ? path : name);
    if (plan == NULL) {
        return NULL;
    }
    *ret_zone = plan->has_zone ? &plan->zone : NULL;
    return &plan->plan;
}

/* --- lines --------------------------------------------------------------------------------------------------- */

static void print_event(void *context, const struct ward_alarm_event *event)
{
    const struct job *job = context;

    if (job->compare == NULL) {
        ward_try_show_event(event, job->as_json);
    }
}

static void print_note(void *context, uint64_t line, const char *text)
{
    const struct job *job = context;

    fprintf(stderr, "%s, line %" PRIu64 ": note: %s\n", job->path, line, text);
}

static void keep_quiet(void *context, uint64_t line, const char *text)
{
    (void)context;
    (void)line;
    (void)text;
}

/* Returns an exit status. */
static int give_line(struct job *job, const char *line, size_t length, uint64_t number)
{
    if (strspn(line, " \t\r\n") == length) {
        return WARD_CTL_DONE;
    }
    for (size_t i = 0; i < job->run_count; i++) {
        const char *wrong = ward_try_line(job->runs[i], line, length, number);

        if (wrong != NULL) {
            return ward_ctl_fail("%s, line %" PRIu64 ": %s", job->path, number, wrong);
        }
    }
    return WARD_CTL_DONE;
}

static int give_lines(struct job *job, FILE *stream)
{
    char *line = NULL;
    size_t size = 0;
    ssize_t length;
    uint64_t number = 0;
    int status = WARD_CTL_DONE;

    while (status == WARD_CTL_DONE && (length = getline(&line, &size, stream)) >= 0) {
        status = give_line(job, line, (size_t)length, ++number);
    }
    free(line);
    return status;
}

struct kept_line {
    int64_t at_ms;
    uint64_t number;
    char *text;
    size_t length;
};

static int in_time(const void *a, const void *b)
{
    const struct kept_line *left = a, *right = b;

    if (left->at_ms != right->at_ms) {
        return left->at_ms < right->at_ms ? -1 : 1;
    }
    return left->number < right->number ? -1 : 1;
}

static int keep_line(struct kept_line **lines, size_t *count, size_t *room, const struct kept_line *line)
{
    if (*count == *room) {
        size_t more = *room > 0 ? 2 * *room : 1024;
        struct kept_line *grown = reallocarray(*lines, more, sizeof(*grown));

        if (grown == NULL) {
            return ward_ctl_fail("out of memory");
        }
        *lines = grown;
        *room = more;
    }
    (*lines)[*count] = *line;
    (*lines)[*count].text = strndup(line->text, line->length);
    return (*lines)[*count].text != NULL ? (++*count, WARD_CTL_DONE) : ward_ctl_fail("out of memory");
}

/* A line that does not say when it was stays behind the one above it; what is wrong with it is told when it is given. */
static int give_sorted(struct job *job, FILE *stream)
{
    struct kept_line line = {.at_ms = INT64_MIN}, *lines = NULL;
    size_t count = 0, room = 0, size = 0;
    ssize_t length;
    int status = WARD_CTL_DONE;

    while (status == WARD_CTL_DONE && (length = getline(&line.text, &size, stream)) >= 0) {
        line.length = (size_t)length;
        line.number++;
        (void)ward_try_moment(line.text, line.length, &line.at_ms);
        status = keep_line(&lines, &count, &room, &line);
    }
    free(line.text);
    if (count > 0) {
        qsort(lines, count, sizeof(*lines), in_time);
    }
    for (size_t i = 0; i < count; i++) {
        if (status == WARD_CTL_DONE) {
            status = give_line(job, lines[i].text, lines[i].length, lines[i].number);
        }
        free(lines[i].text);
    }
    free(lines);
    return status;
}

/* --- the verb ------------------------------------------------------------------------------------------------ */

static int add_run(struct job *job, const char *plan_path)
{
    struct plan *plan = read_plan(job, plan_path);
    const struct ward_try_calls calls = {.event = print_event,
                                         .note = job->run_count == 0 ? print_note : keep_quiet,
                                         .plan = job->compare == NULL ? plan_of_line : NULL,
                                         .context = job};

    if (plan == NULL) {
        return WARD_CTL_FAILED;
    }
    job->runs[job->run_count] = ward_try_new(&plan->plan, plan->has_zone ? &plan->zone : NULL, &calls);
    return job->runs[job->run_count] != NULL ? (job->run_count++, WARD_CTL_DONE)
                                             : ward_ctl_fail("out of memory");
}

static void show(const struct job *job, const struct ward_care_plan *const plans[2])
{
    const struct ward_try *const runs[2] = {job->runs[0], job->runs[1]};

    if (job->as_json && job->compare != NULL) {
        fputs("{\"schema\":\"wardgate.try-comparison/1\",\"plans\":[", stdout);
        ward_try_show_summary_json(runs[0], plans[0]);
        putchar(',');
        ward_try_show_summary_json(runs[1], plans[1]);
        puts("]}");
    } else if (job->as_json) {
        ward_try_show_summary_json(runs[0], plans[0]);
        putchar('\n');
    } else if (job->compare != NULL) {
        ward_try_show_comparison(runs, plans);
    } else {
        ward_try_show_summary(runs[0]);
    }
}

static int try_readings(struct job *job)
{
    /* Plans that lines name come in front of these. */
    const struct ward_care_plan *plans[2] = {
        job->run_count == 2 ? &job->plans->next->plan : &job->plans->plan, &job->plans->plan};
    FILE *stream = strcmp(job->path, "-") == 0 ? stdin : fopen(job->path, "re");
    int status;

    if (stream == NULL) {
        return ward_ctl_fail("cannot open %s: %s", job->path, strerror(errno));
    }
    status = job->sorted ? give_sorted(job, stream) : give_lines(job, stream);
    if (status == WARD_CTL_DONE && ferror(stream)) {
        status = ward_ctl_fail("cannot read %s: %s", job->path, strerror(errno));
    }
    for (size_t i = 0; i < job->run_count && status == WARD_CTL_DONE; i++) {
        ward_try_finish(job->runs[i], job->after_s * 1000);
    }
    if (status == WARD_CTL_DONE) {
        show(job, plans);
    }
    if (stream != stdin) {
        (void)fclose(stream);
    }
    return status;
}

static bool parse_after(const char *text, uint64_t *ret)
{
    char *end;
    unsigned long long seconds = strtoull(text, &end, 10);

    if (end == text || *end != '\0' || seconds > 366ull * 86400) {
        return false;
    }
    *ret = seconds;
    return true;
}

/* Returns whether all of them are options. */
static bool read_options(int argc, char **argv, struct job *job)
{
    static const struct option options[] = {{"json", no_argument, NULL, 'j'},
                                            {"sort", no_argument, NULL, 's'},
                                            {"compare", required_argument, NULL, 'c'},
                                            {"after", required_argument, NULL, 'a'},
                                            {NULL, 0, NULL, 0}};
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        switch (option) {
        case 'j': job->as_json = true; break;
        case 's': job->sorted = true; break;
        case 'c': job->compare = optarg; break;
        case 'a':
            if (!parse_after(optarg, &job->after_s)) {
                return false;
            }
            break;
        default: return false;
        }
    }
    return true;
}

static int run(int argc, char **argv)
{
    struct job job = {0};
    int status;

    if (!read_options(argc, argv, &job)) {
        return ward_ctl_usage(&ward_verb_try, "\"%s\" is no option, or lacks its value", argv[optind - 1]);
    }
    if (argc - optind != 2) {
        return ward_ctl_usage(&ward_verb_try, "needs a PLAN and READINGS");
    }
    job.path = argv[optind + 1];
    status = add_run(&job, argv[optind]);
    if (status == WARD_CTL_DONE && job.compare != NULL) {
        status = add_run(&job, job.compare);
    }
    if (status == WARD_CTL_DONE) {
        status = try_readings(&job);
    }
    for (size_t i = 0; i < job.run_count; i++) {
        ward_try_free(job.runs[i]);
    }
    while (job.plans != NULL) {
        struct plan *next = job.plans->next;

        free(job.plans);
        job.plans = next;
    }
    return status;
}

const struct ward_verb ward_verb_try = {
    .name = "try",
    .usage = "try PLAN READINGS [--compare PLAN2] [--sort] [--after SECONDS] [--json]\n",
    .summary = "What a care plan would have said to recorded readings",
    .help =
        "Runs the gateway's alarm engine over READINGS (- for standard input) in virtual time and prints each\n"
        "event, then the burden: how often somebody is called, the share of time with fresh values, the longest\n"
        "time beyond red without an alarm, and what is present at the end. READINGS has one JSON object a\n"
        "line: readings as `wardctl readings --json` prints them (measured_at, patient and values are enough),\n"
        "entries among them, and what somebody did:\n"
        "\n"
        "  {\"measured_at\":\"2026-11-22T09:00:00Z\",\"kind\":\"entry\",\"values\":[\n"
        "   {\"quantity\":\"respiration_rate\",\"value\":18},{\"quantity\":\"consciousness\",\"value\":\"alert\"}]}\n"
        "\n" WARD_TRY_ORDER_HELP "\n"
        "Without \"patient\" what somebody did is for all of them. A reading that lies before the time reached\n"
        "came now; it is late when it was measured more than two minutes before, unless it has \"late\".\n"
        "\n"
        "  --compare PLAN2  the burden of two plans side by side, without events\n"
        "  --sort           puts the lines in the order of their time first (in memory)\n"
        "  --after SECONDS  how long time goes on after the last line; at least until every stream is stale\n"
        "  --json           each event as one JSON object a line, and the figures as the last one\n",
    .run = run,
};
