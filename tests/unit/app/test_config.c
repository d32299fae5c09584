/* SPDX-License-Identifier: Apache-2.0 */
#include "ward/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "io/crypto.h"

struct files {
    char directory[64];
    char path[96];
    char drop_ins[112];
};

static int setup(void **state)
{
    struct files *files = calloc(1, sizeof(*files));

    strcpy(files->directory, "/tmp/ward-config-XXXXXX");
    assert_non_null(mkdtemp(files->directory));
    snprintf(files->path, sizeof(files->path), "%s/wardgate.conf", files->directory);
    snprintf(files->drop_ins, sizeof(files->drop_ins), "%s.d", files->path);
    *state = files;
    return 0;
}

static int teardown(void **state)
{
    struct files *files = *state;
    char command[128];

    snprintf(command, sizeof(command), "rm -r %s", files->directory);
    assert_int_equal(system(command), 0);
    free(files);
    return 0;
}

static void write_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fputs(text, file);
    fclose(file);
}

static void write_drop_in(const struct files *files, const char *name, const char *text)
{
    char path[160];

    mkdir(files->drop_ins, 0700);
    snprintf(path, sizeof(path), "%s/%s", files->drop_ins, name);
    write_file(path, text);
}

static char *read_shipped(void)
{
    static char text[20000];
    FILE *file = fopen("../config/wardgate.conf", "r");

    assert_non_null(file);
    text[fread(text, 1, sizeof(text) - 1, file)] = '\0';
    fclose(file);
    return text;
}

static void the_shipped_file_is_the_table(void **state)
{
    char text[20000];

    (void)state;
    assert_true(ward_config_example(text, sizeof(text)) < sizeof(text));
    assert_string_equal(read_shipped(), text);
}

static void the_example_is_cut_not_overrun(void **state)
{
    char text[16];

    (void)state;
    memset(text, 'x', sizeof(text));
    assert_true(ward_config_example(text, 8) > 8);
    assert_int_equal(strlen(text), 7);
    assert_int_equal(text[8], 'x');
}

/*
 * Uncommenting every key of the shipped file changes nothing: each default is a value its own parser takes.
 */
static void every_shipped_default_is_the_default(void **state)
{
    struct files *files = *state;
    struct ward_config defaults, loaded;
    struct ward_config_error error;
    char *text = read_shipped();

    for (char *at = text; at; at = strchr(at, '\n'))
        if (*(at += *at == '\n') == '#' && at[1] != ' ')
            *at = ' ';
    write_file(files->path, text);
    if (ward_config_load(files->path, &loaded, &error) < 0)
        fail_msg("%s:%u: %s", error.file, error.line, error.text);
    ward_config_init(&defaults);
    memset(loaded.gateway.id, 0, sizeof(loaded.gateway.id));
    memset(loaded.digest, 0, sizeof(loaded.digest));
    assert_memory_equal(&loaded, &defaults, sizeof(defaults));
}

static void what_is_written_is_read(void **state)
{
    struct files *files = *state;
    struct ward_config config;
    struct ward_config_error error;

    write_file(
        files->path,
        "[gateway] ; of the house\r\nsite = east-3\nid = g-11a9\n[store] # \ncommit_window = 500ms\nquota = 1G\nballast = 0M\n"
        "[plan]\nrequire_signature = no\n[hub]\nhost = hub.example\nport=1884\nconfirm = broker\nformat = fhir\n"
        "keepalive = 2min\n[alarm]\n  leds =\n  sound_command = cat > /dev/null\n");
    assert_int_equal(ward_config_load(files->path, &config, &error), 0);
    assert_string_equal(config.gateway.site, "east-3");
    assert_string_equal(config.gateway.id, "g-11a9");
    assert_int_equal(config.store.commit_window_ms, 500);
    assert_int_equal(config.store.quota_octets, 1073741824);
    assert_int_equal(config.store.ballast_octets, 0);
    assert_false(config.plan.require_signature);
    assert_string_equal(config.hub.host, "hub.example");
    assert_int_equal(config.hub.port, 1884);
    assert_int_equal(config.hub.confirm, WARD_CONFIRM_BROKER);
    assert_int_equal(config.hub.format, WARD_FORMAT_FHIR);
    assert_int_equal(config.hub.keepalive_ms, 120000);
    assert_string_equal(config.alarm.leds, "");
    assert_string_equal(config.alarm.sound_command, "cat > /dev/null");
}

static void a_host_is_a_name_or_an_address(void **state)
{
    static const char *const hosts[] = {"",          "localhost",   "hub-1.ward_2.example.",
                                        "192.0.2.1", "2001:db8::1", "::ffff:192.0.2.1"};
    struct files *files = *state;

    for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
        struct ward_config config;
        struct ward_config_error error;
        char text[64];

        snprintf(text, sizeof(text), "[gateway]\nid = g-1\n[hub]\nhost = %s\n", hosts[i]);
        write_file(files->path, text);
        assert_int_equal(ward_config_load(files->path, &config, &error), 0);
        assert_string_equal(config.hub.host, hosts[i]);
    }
}

static bool is_oximeter(const char *id)
{
    return strcmp(id, "oximeter") == 0;
}

static void accepted_firmware_is_of_models(void **state)
{
    struct files *files = *state;
    struct ward_config config;
    struct ward_config_error error;
    char text[2000] = "[gateway]\nid = g-1\n[firmware]\n";

    write_file(files->path, "[gateway]\nid = g-1\n[firmware]\noximeter = 1.0, 2.0\nring = 3\nring =\n");
    write_drop_in(files, "10-a.conf", "[firmware]\noximeter = 4\n");
    assert_int_equal(ward_config_load(files->path, &config, &error), 0);
    assert_int_equal(config.firmware.count, 1);
    assert_string_equal(config.firmware.list[0].model, "oximeter");
    assert_string_equal(config.firmware.list[0].accepted, "4");
    assert_int_equal(ward_config_load_knowing(files->path, is_oximeter, &config, &error), -EINVAL);
    assert_int_equal(error.line, 5);
    assert_string_equal(error.text, "unknown key [firmware] ring: there is no such model");
    for (unsigned i = 0; i <= WARD_CONFIG_FIRMWARE_MAX; i++)
        snprintf(text + strlen(text), sizeof(text) - strlen(text), "m-%u = 1\n", i);
    write_drop_in(files, "10-a.conf", "");
    write_file(files->path, text);
    assert_int_equal(ward_config_load(files->path, &config, &error), -EINVAL);
    assert_non_null(strstr(error.text, "m-32 = 1: it is of one model more than there is room for"));
}

static void an_unset_id_is_this_machines_own(void **state)
{
    struct files *files = *state;
    struct ward_config config;
    struct ward_config_error error;
    int r;

    write_file(files->path, "");
    r = ward_config_load(files->path, &config, &error);
    if (r < 0) { /* a machine without an id must be told one */
        assert_non_null(strstr(error.text, "[gateway] id is not set"));
        return;
    }
    assert_memory_equal(config.gateway.id, "g-", 2);
    assert_int_equal(strlen(config.gateway.id), 18);
}

static void drop_ins_win_in_the_order_of_their_names(void **state)
{
    struct files *files = *state;
    struct ward_config config;
    struct ward_config_error error;

    write_file(files->path, "[gateway]\nid = g-1\nsite = first\n[hub]\nport = 1\n");
    write_drop_in(files, "20-b.conf", "[gateway]\nsite = third\n");
    write_drop_in(files, "10-a.conf", "[gateway]\nsite = second\n[hub]\nport = 2\n");
    write_drop_in(files, "30-c.conf.bak", "[gateway]\nsite = never\n");
    write_drop_in(files, ".hidden.conf", "[gateway]\nsite = never\n");
    assert_int_equal(ward_config_load(files->path, &config, &error), 0);
    assert_string_equal(config.gateway.site, "third");
    assert_int_equal(config.hub.port, 2);
}

/* The digest is that of the octets of the files, also of those that mean nothing, in the order in which they count. */
static void the_digest_is_that_of_all_that_was_read(void **state)
{
    static const char *const parts[] = {"  # indented\n[gateway]\n\tid = g-1\n", "[hub]\nport = 2\n",
                                        "; no end"};
    struct files *files = *state;
    struct ward_config config, other;
    struct ward_config_error error;
    char text[128];
    uint8_t digest[WARD_CONFIG_DIGEST_SIZE];

    write_file(files->path, parts[0]);
    write_drop_in(files, "20-b.conf", parts[2]);
    write_drop_in(files, "10-a.conf", parts[1]);
    assert_int_equal(ward_config_load(files->path, &config, &error), 0);
    snprintf(text, sizeof(text), "%s%s%s", parts[0], parts[1], parts[2]);
    ward_sha256(text, strlen(text), digest);
    assert_memory_equal(config.digest, digest, sizeof(digest));
    write_drop_in(files, "10-a.conf", "[hub]\nport = 3\n");
    assert_int_equal(ward_config_load(files->path, &other, &error), 0);
    assert_memory_not_equal(config.digest, other.digest, sizeof(digest));
}

static void an_error_in_a_drop_in_names_the_drop_in(void **state)
{
    struct files *files = *state;
    struct ward_config config;
    struct ward_config_error error;

    write_file(files->path, "[gateway]\nid = g-1\n");
    write_drop_in(files, "10-a.conf", "\n[hub]\nhots = x\n");
    assert_int_equal(ward_config_load(files->path, &config, &error), -EINVAL);
    assert_non_null(strstr(error.file, "/wardgate.conf.d/10-a.conf"));
    assert_int_equal(error.line, 3);
    assert_string_equal(error.text, "unknown key [hub] hots");
}

static void a_directory_of_drop_ins_that_cannot_be_read_is_an_error(void **state)
{
    struct files *files = *state;
    struct ward_config config;
    struct ward_config_error error;

    write_file(files->path, "[gateway]\nid = g-1\n");
    assert_int_equal(symlink("wardgate.conf.d", files->drop_ins), 0); /* leads to itself */
    assert_int_equal(ward_config_load(files->path, &config, &error), -ELOOP);
    assert_string_equal(error.file, files->drop_ins);
    assert_int_equal(error.line, 0);
    assert_string_equal(error.text, strerror(ELOOP));
    assert_int_equal(unlink(files->drop_ins), 0);
    write_file(files->drop_ins, "");
    assert_int_equal(ward_config_load(files->path, &config, &error), -ENOTDIR);
}

static void a_wrong_line_is_refused_with_its_place(void **state)
{
    static const struct {
        const char *text;
        unsigned line;
        const char *complaint;
    } cases[] = {
        {"[hub]\nhots = x\n", 2, "unknown key [hub] hots"},
        {"[hubb]\nhost = x\n", 2, "unknown key [hubb] host"},
        {"host = x\n", 1, "unknown key [] host"},
        {"[hub]\n\nport = 0\n", 3, "[hub] port = 0: it is no port from 1 to 65535"},
        {"[hub]\nport = 65536\n", 2, "[hub] port = 65536: it is no port from 1 to 65535"},
        {"[hub]\nport = -1\n", 2, "[hub] port = -1: it is no port from 1 to 65535"},
        {"[hub]\nport = 88x\n", 2, "[hub] port = 88x: it is no port from 1 to 65535"},
        {"[hub]\nport =\n", 2, "[hub] port = : it is no port from 1 to 65535"},
        {"[plan]\nrequire_signature = maybe\n", 2,
         "[plan] require_signature = maybe: it is neither yes nor no"},
        {"[hub]\nformat = xml\n", 2, "[hub] format = xml: it is neither json nor fhir"},
        {"[hub]\nconfirm = puback\n", 2, "[hub] confirm = puback: it is neither receipt nor broker"},
        {"[store]\npath = ward.db\n", 2, "[store] path = ward.db: it is not an absolute path"},
        {"[gateway]\nsite = a b\n", 2, "[gateway] site = a b: it may have letters, digits and '-' only"},
        {"[store]\ncommit_window = 10\n", 2,
         "[store] commit_window = 10: it is no duration such as 500ms, 10s or 1min, up to an hour"},
        {"[store]\nquota = 7M\n", 2,
         "[store] quota = 7M: it is less than 8M, which is too little to work with"},
        {"[store]\nquota = 1T\n", 2,
         "[store] quota = 1T: it is no size such as 4M or 1G, up to 1024 of either"},
        {"[store]\nballast = lots\n", 2,
         "[store] ballast = lots: it is no size such as 4M or 1G, up to 1024 of either"},
        {"[store]\ncommit_window = 3601s\n", 2,
         "[store] commit_window = 3601s: it is no duration such as 500ms, 10s or 1min, up to an hour"},
        {"[gateway]\nid = g-1\nnonsense\n", 3, "neither [SECTION] nor KEY = VALUE"},
        {"[gateway\nid = g-1\n", 1, "neither [SECTION] nor KEY = VALUE"},
        {"[firmware]\nno_model = 1\n", 2,
         "[firmware] no_model = 1: it may have letters, digits and '-' only"},
        {"[firmware]\noximeter = 1,,2\n", 2,
         "[firmware] oximeter = 1,,2: it is no list of revisions, separated by commas, of 1 to 64 characters"},
        {"[firmware]\noximeter = 1, \n", 2,
         "[firmware] oximeter = 1,: it is no list of revisions, separated by commas, of 1 to 64 characters"},
        {"[gateway]\nid = g-1\n[hub] host = x\n", 3,
         "nothing may stand behind [SECTION]: a key begins a line of its own"},
        {"[hub]host = x", 1, "nothing may stand behind [SECTION]: a key begins a line of its own"},
        {"[store]\n[hub]\nhost = x\n\fport = 0\n", 4, "[hub] port = 0: it is no port from 1 to 65535"},
        {"[hub]\nhost = mqtts://hub.example\n", 2,
         "[hub] host = mqtts://hub.example: it is no name or address of a host: neither a scheme nor a port "
         "belongs to it"},
        {"[hub]\nhost = hub.example:8883\n", 2,
         "[hub] host = hub.example:8883: it is no name or address of a host: neither a scheme nor a port "
         "belongs to it"},
        {"[hub]\nhost = hub example\n", 2,
         "[hub] host = hub example: it is no name or address of a host: neither a scheme nor a port belongs "
         "to it"},
        {"[gateway]\nsite =\n", 2, "[gateway] site = : it is empty"},
        {"[bluetooth]\nadapter =\n", 2, "[bluetooth] adapter = : it is empty"},
        {"[store]\npath =\n", 2, "[store] path = : it is empty"},
        {"[hub]\nca =\n", 2, "[hub] ca = : it is empty"},
        {"[hub]\ncertificate =\n", 2, "[hub] certificate = : it is empty"},
        {"[hub]\nkey =\n", 2, "[hub] key = : it is empty"},
        {"[alarm]\nled_directory =\n", 2, "[alarm] led_directory = : it is empty"},
        {"[alarm]\nnumbers =\n", 2, "[alarm] numbers = : it is empty"},
        {"[spool]\nsocket =\n", 2, "[spool] socket = : it is empty"},
        {"[spool]\nuplink_user =\n", 2, "[spool] uplink_user = : it is empty"},
        {"[hub]\nport = 0\nhots = 1\n", 2, "[hub] port = 0: it is no port from 1 to 65535"},
    };
    struct files *files = *state;

    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct ward_config config, before;
        struct ward_config_error error = {0};

        memset(&config, 0x5A, sizeof(config));
        before = config;
        write_file(files->path, cases[i].text);
        assert_int_equal(ward_config_load(files->path, &config, &error), -EINVAL);
        assert_string_equal(error.text, cases[i].complaint);
        assert_int_equal(error.line, cases[i].line);
        assert_string_equal(error.file, files->path);
        assert_memory_equal(&config, &before, sizeof(config));
    }
}

static void a_line_that_is_too_long_is_refused(void **state)
{
    struct files *files = *state;
    struct ward_config config;
    struct ward_config_error error;
    char text[600];

    snprintf(text, sizeof(text), "[hub]\nhost = %0*d\n", 400, 0);
    write_file(files->path, text);
    assert_int_equal(ward_config_load(files->path, &config, &error), -EINVAL);
    assert_int_equal(error.line, 2);
    assert_non_null(strstr(error.text, "the line is longer than"));
}

/* As a power cut may leave it: the octets are there, and nothing was written into them. */
static void a_file_with_octets_0_is_refused(void **state)
{
    static const char damaged[] = "[hub]\nhost = a.example\n\0\0\0\0\0";
    struct files *files = *state;
    struct ward_config config;
    struct ward_config_error error;
    FILE *file = fopen(files->path, "we");

    assert_non_null(file);
    assert_int_equal(fwrite(damaged, 1, sizeof(damaged), file), sizeof(damaged));
    fclose(file);
    assert_int_equal(ward_config_load(files->path, &config, &error), -EINVAL);
    assert_int_equal(error.line, 3);
    assert_string_equal(error.text, "an octet 0 is no text: the file is damaged");
}

static void a_file_that_is_not_there_is_an_error(void **state)
{
    struct files *files = *state;
    struct ward_config config;
    struct ward_config_error error;

    assert_int_equal(ward_config_load(files->path, &config, &error), -ENOENT);
    assert_string_equal(error.file, files->path);
    assert_int_equal(error.line, 0);
    assert_string_equal(error.text, "No such file or directory");
    mkdir(files->path, 0700);
    assert_true(ward_config_load(files->path, &config, &error) < 0);
    assert_true(error.text[0] != '\0');
}

struct told {
    size_t count;
    char lines[8][160];
};

static void take(void *userdata, const struct ward_config_assignment *assignment)
{
    struct told *told = userdata;
    const char *name = strrchr(assignment->file, '/') + 1;

    assert_true(told->count < 8);
    snprintf(told->lines[told->count++], sizeof(told->lines[0]), "%.40s:%u [%s] %s = %s, not %s%s", name,
             assignment->line, assignment->section, assignment->key, assignment->value, assignment->fallback,
             assignment->differs ? ": differs" : "");
}

static void each_assignment_is_told_where_it_stands(void **state)
{
    struct files *files = *state;
    struct told told = {0};
    const struct ward_config_ear ear = {.tell = take, .userdata = &told};
    struct ward_config config;
    struct ward_config_error error;

    write_file(files->path, "[gateway]\nid = g-1\n\n[store]\nquota = 1G\n");
    write_drop_in(files, "a.conf", "[store]\nquota = 0512M\nballast = 4M\n[firmware]\noximeter = 1.0\n");
    assert_int_equal(ward_config_load_telling(files->path, NULL, &ear, &config, &error), 0);
    assert_int_equal(told.count, 5);
    assert_string_equal(told.lines[0], "wardgate.conf:2 [gateway] id = g-1, not : differs");
    assert_string_equal(told.lines[1], "wardgate.conf:5 [store] quota = 1G, not 512M: differs");
    assert_string_equal(told.lines[2], "a.conf:2 [store] quota = 0512M, not 512M");
    assert_string_equal(told.lines[3], "a.conf:3 [store] ballast = 4M, not 4M");
    assert_string_equal(told.lines[4], "a.conf:5 [firmware] oximeter = 1.0, not : differs");
    assert_true(config.store.quota_octets == UINT64_C(512) << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_shipped_file_is_the_table),
        cmocka_unit_test(the_example_is_cut_not_overrun),
        cmocka_unit_test_setup_teardown(every_shipped_default_is_the_default, setup, teardown),
        cmocka_unit_test_setup_teardown(what_is_written_is_read, setup, teardown),
        cmocka_unit_test_setup_teardown(accepted_firmware_is_of_models, setup, teardown),
        cmocka_unit_test_setup_teardown(an_unset_id_is_this_machines_own, setup, teardown),
        cmocka_unit_test_setup_teardown(drop_ins_win_in_the_order_of_their_names, setup, teardown),
        cmocka_unit_test_setup_teardown(the_digest_is_that_of_all_that_was_read, setup, teardown),
        cmocka_unit_test_setup_teardown(a_host_is_a_name_or_an_address, setup, teardown),
        cmocka_unit_test_setup_teardown(an_error_in_a_drop_in_names_the_drop_in, setup, teardown),
        cmocka_unit_test_setup_teardown(a_directory_of_drop_ins_that_cannot_be_read_is_an_error, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(each_assignment_is_told_where_it_stands, setup, teardown),
        cmocka_unit_test_setup_teardown(a_wrong_line_is_refused_with_its_place, setup, teardown),
        cmocka_unit_test_setup_teardown(a_line_that_is_too_long_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_with_octets_0_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_file_that_is_not_there_is_an_error, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
