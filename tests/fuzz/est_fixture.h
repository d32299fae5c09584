/* SPDX-License-Identifier: Apache-2.0 */
/* Made by est_corpus.py: the key that the corpus' certificates are for, and the authority that they are of. */
#define EST_NOW INT64_C(1780272000)
static const char est_key[] = "-----BEGIN PUBLIC KEY-----\n"
                              "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEDu4/3KGUMJ03x5hIgulbqQARWeaI\n"
                              "XOwaZqziohwZp8JERlZzJgVZUAXmGEbtRamw/5PMa47agIrEncnw2/2jAw==\n"
                              "-----END PUBLIC KEY-----\n";
static const char est_authority[] = "-----BEGIN CERTIFICATE-----\n"
                                    "MIIBKDCB0KADAgECAgEHMAoGCCqGSM49BAMCMBQxEjAQBgNVBAMMCWF1dGhvcml0\n"
                                    "eTAeFw0yNjA1MzEwMDAwMDBaFw0zNDA4MTgwMDAwMDBaMBQxEjAQBgNVBAMMCWF1\n"
                                    "dGhvcml0eTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABG3OSvWK2Y5VV+CDWy1e\n"
                                    "JxGRll5KcvDn/yuCLRCvLTTSAHhPjmzjpCM3TYIiPX+/FgYWN9nEK6/ZiS0Hik6W\n"
                                    "LmWjEzARMA8GA1UdEwEB/wQFMAMBAf8wCgYIKoZIzj0EAwIDRwAwRAIga/IORKMa\n"
                                    "TulbzAfvsuRT9qJ+BDUefOU3H5j8JILYWNwCIGb/bHeU7Q6aSeW1M1I9BDjTj5z/\n"
                                    "n0HyZQYJan+9z4bP\n"
                                    "-----END CERTIFICATE-----\n";
