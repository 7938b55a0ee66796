namespace GrainVault.Api.Tests.Running.Access;

internal static partial class AccessTable
{
    private const string Introduction =
        """
        # Who may do what

        This page is printed from the table that the tests hold the running system against (`tests/Api.Tests/Running/Access`); change it there.

        Each table is one state of a file of two versions in a folder, each row one request, and each column who makes it: "yes" is a success, a
        number the status of the refusal. Rights come from the owner, from the nearest share on the way from the entry to the root, from `public`
        visibility, or from a link; one decision (`entry_access` in the database) serves every way of asking.

        - 401 means that the request needs a valid token, or the link its password; 403 that the entry may be read, but this may not be done; 404 that
          there is nothing, or nothing that the caller may know of: a stranger gets the same status, headers and body for a private file as for
          one that never was. 409 is a state that does not allow it, whoever asks.
        - An administrator sees users, quotas and sessions, and of other people's files no more than a stranger.
        - A link's column is a visitor who holds the link's token and its password; all others hold no link.
        - "the owner's upload" is an unfinished session: it belongs to who began it, and to nobody else.

        """;

    private static string Meaning(string state) => state switch
    {
        "private" => "Shares and a link that the file had have ended.",
        "public" => "Shares and a link that the file had have ended; its visibility is `public`.",
        "shared" => "The file is shared with an editor and a viewer, and has a link.",
        "via folder" => "Its folder is shared with an editor and a viewer, and has a link.",
        "trashed" => "The file was shared and had a link, and is in the trash.",
        "purged" => "The file was shared and had a link, and was removed for good. Its folder is still there.",
        _ => "The file was shared and had a link, and then went to another owner: the former owner is an editor of it now, and its link has ended.",
    };

    private static string Text(string state) => state switch
    {
        "private" =>
            """
            read metadata                       | yes  -    404  404  404  404  404  404  401  404
            read content                        | yes  -    404  404  404  404  404  404  401  404
            read content's head                 | yes  -    404  404  404  404  404  404  401  404
            get a URL of the content            | yes  -    404  404  404  404  404  404  401  404
            list versions                       | yes  -    404  404  404  401  401  401  401  404
            read an old version                 | yes  -    404  404  404  401  401  401  401  404
            read by path                        | yes  -    404  404  404  401  401  401  401  404
            list its folder                     | yes  -    404  404  404  401  401  401  401  404
            read as zip                         | yes  -    404  404  404  401  401  401  401  404
            rename                              | yes  -    404  404  404  401  401  401  401  404
            move to the root                    | yes  -    404  404  404  401  401  401  401  404
            make public                         | yes  -    404  404  404  401  401  401  401  404
            upload a version                    | yes  -    404  404  404  401  401  401  401  404
            upload into its folder              | yes  -    404  404  404  401  401  401  401  404
            make a folder beside it             | yes  -    404  404  404  401  401  401  401  404
            restore a version                   | yes  -    404  404  404  401  401  401  401  404
            delete a version                    | yes  -    404  404  404  401  401  401  401  404
            list shares                         | yes  -    404  404  404  401  401  401  401  404
            share                               | yes  -    404  404  404  401  401  401  401  404
            end another's share                 | 404  -    404  404  404  401  401  401  401  404
            list links                          | yes  -    404  404  404  401  401  401  401  404
            make a link                         | yes  -    404  404  404  401  401  401  401  404
            revoke a link                       | 404  -    404  404  404  401  401  401  401  404
            copy                                | yes  -    404  404  404  401  401  401  401  404
            make a shortcut                     | yes  -    404  404  404  401  401  401  401  404
            offer to another                    | yes  -    404  404  404  401  401  401  401  404
            accept without an offer             | yes  -    404  404  404  401  401  401  401  404
            move to the trash                   | yes  -    404  404  404  401  401  401  401  404
            restore                             | yes  -    404  404  404  401  401  401  401  404
            purge                               | yes  -    404  404  404  401  401  401  401  404
            read the owner's upload             | yes  -    404  404  404  401  401  401  401  404
            get a URL for a part of it          | yes  -    404  404  404  401  401  401  401  404
            send a part of it                   | yes  -    404  404  404  401  401  401  401  404
            complete it                         | 409  -    404  404  404  401  401  401  401  404
            abort it                            | yes  -    404  404  404  401  401  401  401  404
            read content by link                | 404  -    404  404  404  404  404  404  404  404
            read content by link to its folder  | 404  -    404  404  404  404  404  404  404  404
            list by link                        | 404  -    404  404  404  404  404  404  404  404
            read zip by link                    | 404  -    404  404  404  404  404  404  404  404
            see the page of the link            | 404  -    404  404  404  404  404  404  404  404
            list users                          | 403  -    403  403  403  401  401  401  401  yes
            """,
        "public" =>
            """
            read metadata                       | yes  -    yes  yes  yes  yes  yes  yes  401  yes
            read content                        | yes  -    yes  yes  yes  yes  yes  yes  401  yes
            read content's head                 | yes  -    yes  yes  yes  yes  yes  yes  401  yes
            get a URL of the content            | yes  -    yes  yes  yes  yes  yes  yes  401  yes
            list versions                       | yes  -    403  403  403  401  401  401  401  403
            read an old version                 | yes  -    403  403  403  401  401  401  401  403
            read by path                        | yes  -    404  404  404  401  401  401  401  404
            list its folder                     | yes  -    404  404  404  401  401  401  401  404
            read as zip                         | yes  -    yes  yes  yes  401  401  401  401  yes
            rename                              | yes  -    403  403  403  401  401  401  401  403
            move to the root                    | yes  -    403  403  403  401  401  401  401  403
            make public                         | yes  -    403  403  403  401  401  401  401  403
            upload a version                    | yes  -    403  403  403  401  401  401  401  403
            upload into its folder              | yes  -    404  404  404  401  401  401  401  404
            make a folder beside it             | yes  -    404  404  404  401  401  401  401  404
            restore a version                   | yes  -    403  403  403  401  401  401  401  403
            delete a version                    | yes  -    403  403  403  401  401  401  401  403
            list shares                         | yes  -    403  403  403  401  401  401  401  403
            share                               | yes  -    403  403  403  401  401  401  401  403
            end another's share                 | 404  -    403  403  403  401  401  401  401  403
            list links                          | yes  -    403  403  403  401  401  401  401  403
            make a link                         | yes  -    403  403  403  401  401  401  401  403
            revoke a link                       | 404  -    404  404  404  401  401  401  401  404
            copy                                | yes  -    yes  yes  yes  401  401  401  401  yes
            make a shortcut                     | yes  -    yes  yes  yes  401  401  401  401  yes
            offer to another                    | yes  -    403  403  403  401  401  401  401  403
            accept without an offer             | yes  -    404  404  404  401  401  401  401  404
            move to the trash                   | yes  -    403  403  403  401  401  401  401  403
            restore                             | yes  -    403  403  403  401  401  401  401  403
            purge                               | yes  -    403  403  403  401  401  401  401  403
            read the owner's upload             | yes  -    404  404  404  401  401  401  401  404
            get a URL for a part of it          | yes  -    404  404  404  401  401  401  401  404
            send a part of it                   | yes  -    404  404  404  401  401  401  401  404
            complete it                         | 409  -    404  404  404  401  401  401  401  404
            abort it                            | yes  -    404  404  404  401  401  401  401  404
            read content by link                | 404  -    404  404  404  404  404  404  404  404
            read content by link to its folder  | 404  -    404  404  404  404  404  404  404  404
            list by link                        | 404  -    404  404  404  404  404  404  404  404
            read zip by link                    | 404  -    404  404  404  404  404  404  404  404
            see the page of the link            | 404  -    404  404  404  404  404  404  404  404
            list users                          | 403  -    403  403  403  401  401  401  401  yes
            """,
        "shared" =>
            """
            read metadata                       | yes  -    yes  yes  404  404  404  404  401  404
            read content                        | yes  -    yes  yes  404  404  404  404  401  404
            read content's head                 | yes  -    yes  yes  404  404  404  404  401  404
            get a URL of the content            | yes  -    yes  yes  404  404  404  404  401  404
            list versions                       | yes  -    yes  yes  404  401  401  401  401  404
            read an old version                 | yes  -    yes  yes  404  401  401  401  401  404
            read by path                        | yes  -    404  404  404  401  401  401  401  404
            list its folder                     | yes  -    404  404  404  401  401  401  401  404
            read as zip                         | yes  -    yes  yes  404  401  401  401  401  404
            rename                              | yes  -    yes  403  404  401  401  401  401  404
            move to the root                    | yes  -    403  403  404  401  401  401  401  404
            make public                         | yes  -    403  403  404  401  401  401  401  404
            upload a version                    | yes  -    yes  403  404  401  401  401  401  404
            upload into its folder              | yes  -    404  404  404  401  401  401  401  404
            make a folder beside it             | yes  -    404  404  404  401  401  401  401  404
            restore a version                   | yes  -    yes  403  404  401  401  401  401  404
            delete a version                    | yes  -    403  403  404  401  401  401  401  404
            list shares                         | yes  -    403  403  404  401  401  401  401  404
            share                               | yes  -    403  403  404  401  401  401  401  404
            end another's share                 | yes  -    403  yes  404  401  401  401  401  404
            list links                          | yes  -    403  403  404  401  401  401  401  404
            make a link                         | yes  -    403  403  404  401  401  401  401  404
            revoke a link                       | yes  -    403  403  404  401  401  401  401  404
            copy                                | yes  -    yes  yes  404  401  401  401  401  404
            make a shortcut                     | yes  -    yes  yes  404  401  401  401  401  404
            offer to another                    | yes  -    403  403  404  401  401  401  401  404
            accept without an offer             | yes  -    404  404  404  401  401  401  401  404
            move to the trash                   | yes  -    403  403  404  401  401  401  401  404
            restore                             | yes  -    403  403  404  401  401  401  401  404
            purge                               | yes  -    403  403  404  401  401  401  401  404
            read the owner's upload             | yes  -    404  404  404  401  401  401  401  404
            get a URL for a part of it          | yes  -    404  404  404  401  401  401  401  404
            send a part of it                   | yes  -    404  404  404  401  401  401  401  404
            complete it                         | 409  -    404  404  404  401  401  401  401  404
            abort it                            | yes  -    404  404  404  401  401  401  401  404
            read content by link                | 404  -    404  404  404  404  yes  401  404  404
            read content by link to its folder  | 404  -    404  404  404  404  yes  401  404  404
            list by link                        | 404  -    404  404  404  404  404  401  404  404
            read zip by link                    | 404  -    404  404  404  404  404  401  404  404
            see the page of the link            | 404  -    404  404  404  404  yes  401  404  404
            list users                          | 403  -    403  403  403  401  401  401  401  yes
            """,
        "via folder" =>
            """
            read metadata                       | yes  -    yes  yes  404  404  404  404  401  404
            read content                        | yes  -    yes  yes  404  404  404  404  401  404
            read content's head                 | yes  -    yes  yes  404  404  404  404  401  404
            get a URL of the content            | yes  -    yes  yes  404  404  404  404  401  404
            list versions                       | yes  -    yes  yes  404  401  401  401  401  404
            read an old version                 | yes  -    yes  yes  404  401  401  401  401  404
            read by path                        | yes  -    404  404  404  401  401  401  401  404
            list its folder                     | yes  -    yes  yes  404  401  401  401  401  404
            read as zip                         | yes  -    yes  yes  404  401  401  401  401  404
            rename                              | yes  -    yes  403  404  401  401  401  401  404
            move to the root                    | yes  -    403  403  404  401  401  401  401  404
            make public                         | yes  -    403  403  404  401  401  401  401  404
            upload a version                    | yes  -    yes  403  404  401  401  401  401  404
            upload into its folder              | yes  -    yes  403  404  401  401  401  401  404
            make a folder beside it             | yes  -    yes  403  404  401  401  401  401  404
            restore a version                   | yes  -    yes  403  404  401  401  401  401  404
            delete a version                    | yes  -    403  403  404  401  401  401  401  404
            list shares                         | yes  -    403  403  404  401  401  401  401  404
            share                               | yes  -    403  403  404  401  401  401  401  404
            end another's share                 | 404  -    403  404  404  401  401  401  401  404
            list links                          | yes  -    403  403  404  401  401  401  401  404
            make a link                         | yes  -    403  403  404  401  401  401  401  404
            revoke a link                       | yes  -    403  403  404  401  401  401  401  404
            copy                                | yes  -    yes  yes  404  401  401  401  401  404
            make a shortcut                     | yes  -    yes  yes  404  401  401  401  401  404
            offer to another                    | yes  -    403  403  404  401  401  401  401  404
            accept without an offer             | yes  -    404  404  404  401  401  401  401  404
            move to the trash                   | yes  -    403  403  404  401  401  401  401  404
            restore                             | yes  -    403  403  404  401  401  401  401  404
            purge                               | yes  -    403  403  404  401  401  401  401  404
            read the owner's upload             | yes  -    404  404  404  401  401  401  401  404
            get a URL for a part of it          | yes  -    404  404  404  401  401  401  401  404
            send a part of it                   | yes  -    404  404  404  401  401  401  401  404
            complete it                         | 409  -    404  404  404  401  401  401  401  404
            abort it                            | yes  -    404  404  404  401  401  401  401  404
            read content by link                | 404  -    404  404  404  404  404  401  404  404
            read content by link to its folder  | 404  -    404  404  404  404  yes  401  404  404
            list by link                        | 404  -    404  404  404  404  yes  401  404  404
            read zip by link                    | 404  -    404  404  404  404  yes  401  404  404
            see the page of the link            | 404  -    404  404  404  404  yes  401  404  404
            list users                          | 403  -    403  403  403  401  401  401  401  yes
            """,
        "trashed" =>
            """
            read metadata                       | yes  -    404  404  404  404  404  404  401  404
            read content                        | yes  -    404  404  404  404  404  404  401  404
            read content's head                 | yes  -    404  404  404  404  404  404  401  404
            get a URL of the content            | yes  -    404  404  404  404  404  404  401  404
            list versions                       | yes  -    404  404  404  401  401  401  401  404
            read an old version                 | yes  -    404  404  404  401  401  401  401  404
            read by path                        | 404  -    404  404  404  401  401  401  401  404
            list its folder                     | yes  -    404  404  404  401  401  401  401  404
            read as zip                         | 404  -    404  404  404  401  401  401  401  404
            rename                              | 409  -    404  404  404  401  401  401  401  404
            move to the root                    | 409  -    404  404  404  401  401  401  401  404
            make public                         | 409  -    404  404  404  401  401  401  401  404
            upload a version                    | 409  -    404  404  404  401  401  401  401  404
            upload into its folder              | yes  -    404  404  404  401  401  401  401  404
            make a folder beside it             | yes  -    404  404  404  401  401  401  401  404
            restore a version                   | 409  -    404  404  404  401  401  401  401  404
            delete a version                    | yes  -    404  404  404  401  401  401  401  404
            list shares                         | yes  -    404  404  404  401  401  401  401  404
            share                               | 409  -    404  404  404  401  401  401  401  404
            end another's share                 | yes  -    404  404  404  401  401  401  401  404
            list links                          | yes  -    404  404  404  401  401  401  401  404
            make a link                         | 409  -    404  404  404  401  401  401  401  404
            revoke a link                       | yes  -    404  404  404  401  401  401  401  404
            copy                                | 409  -    404  404  404  401  401  401  401  404
            make a shortcut                     | yes  -    404  404  404  401  401  401  401  404
            offer to another                    | 409  -    404  404  404  401  401  401  401  404
            accept without an offer             | yes  -    404  404  404  401  401  401  401  404
            move to the trash                   | yes  -    404  404  404  401  401  401  401  404
            restore                             | yes  -    404  404  404  401  401  401  401  404
            purge                               | yes  -    404  404  404  401  401  401  401  404
            read the owner's upload             | yes  -    404  404  404  401  401  401  401  404
            get a URL for a part of it          | yes  -    404  404  404  401  401  401  401  404
            send a part of it                   | yes  -    404  404  404  401  401  401  401  404
            complete it                         | 409  -    404  404  404  401  401  401  401  404
            abort it                            | yes  -    404  404  404  401  401  401  401  404
            read content by link                | 404  -    404  404  404  404  404  404  404  404
            read content by link to its folder  | 404  -    404  404  404  404  404  404  404  404
            list by link                        | 404  -    404  404  404  404  404  404  404  404
            read zip by link                    | 404  -    404  404  404  404  404  404  404  404
            see the page of the link            | 404  -    404  404  404  404  404  404  404  404
            list users                          | 403  -    403  403  403  401  401  401  401  yes
            """,
        "purged" =>
            """
            read metadata                       | 404  -    404  404  404  404  404  404  401  404
            read content                        | 404  -    404  404  404  404  404  404  401  404
            read content's head                 | 404  -    404  404  404  404  404  404  401  404
            get a URL of the content            | 404  -    404  404  404  404  404  404  401  404
            list versions                       | 404  -    404  404  404  401  401  401  401  404
            read an old version                 | 404  -    404  404  404  401  401  401  401  404
            read by path                        | 404  -    404  404  404  401  401  401  401  404
            list its folder                     | yes  -    404  404  404  401  401  401  401  404
            read as zip                         | 404  -    404  404  404  401  401  401  401  404
            rename                              | 404  -    404  404  404  401  401  401  401  404
            move to the root                    | 404  -    404  404  404  401  401  401  401  404
            make public                         | 404  -    404  404  404  401  401  401  401  404
            upload a version                    | 404  -    404  404  404  401  401  401  401  404
            upload into its folder              | yes  -    404  404  404  401  401  401  401  404
            make a folder beside it             | yes  -    404  404  404  401  401  401  401  404
            restore a version                   | 404  -    404  404  404  401  401  401  401  404
            delete a version                    | 404  -    404  404  404  401  401  401  401  404
            list shares                         | 404  -    404  404  404  401  401  401  401  404
            share                               | 404  -    404  404  404  401  401  401  401  404
            end another's share                 | 404  -    404  404  404  401  401  401  401  404
            list links                          | 404  -    404  404  404  401  401  401  401  404
            make a link                         | 404  -    404  404  404  401  401  401  401  404
            revoke a link                       | 404  -    404  404  404  401  401  401  401  404
            copy                                | 404  -    404  404  404  401  401  401  401  404
            make a shortcut                     | 404  -    404  404  404  401  401  401  401  404
            offer to another                    | 404  -    404  404  404  401  401  401  401  404
            accept without an offer             | 404  -    404  404  404  401  401  401  401  404
            move to the trash                   | 404  -    404  404  404  401  401  401  401  404
            restore                             | 404  -    404  404  404  401  401  401  401  404
            purge                               | 404  -    404  404  404  401  401  401  401  404
            read the owner's upload             | yes  -    404  404  404  401  401  401  401  404
            get a URL for a part of it          | yes  -    404  404  404  401  401  401  401  404
            send a part of it                   | yes  -    404  404  404  401  401  401  401  404
            complete it                         | 409  -    404  404  404  401  401  401  401  404
            abort it                            | yes  -    404  404  404  401  401  401  401  404
            read content by link                | 404  -    404  404  404  404  404  404  404  404
            read content by link to its folder  | 404  -    404  404  404  404  404  404  404  404
            list by link                        | 404  -    404  404  404  404  404  404  404  404
            read zip by link                    | 404  -    404  404  404  404  404  404  404  404
            see the page of the link            | 404  -    404  404  404  404  404  404  404  404
            list users                          | 403  -    403  403  403  401  401  401  401  yes
            """,
        _ =>
            """
            read metadata                       | yes  yes  yes  yes  404  404  404  404  401  404
            read content                        | yes  yes  yes  yes  404  404  404  404  401  404
            read content's head                 | yes  yes  yes  yes  404  404  404  404  401  404
            get a URL of the content            | yes  yes  yes  yes  404  404  404  404  401  404
            list versions                       | yes  yes  yes  yes  404  401  401  401  401  404
            read an old version                 | yes  yes  yes  yes  404  401  401  401  401  404
            read by path                        | 404  404  404  404  404  401  401  401  401  404
            list its folder                     | 404  yes  404  404  404  401  401  401  401  404
            read as zip                         | yes  yes  yes  yes  404  401  401  401  401  404
            rename                              | yes  yes  yes  403  404  401  401  401  401  404
            move to the root                    | yes  403  403  403  404  401  401  401  401  404
            make public                         | yes  403  403  403  404  401  401  401  401  404
            upload a version                    | yes  yes  yes  403  404  401  401  401  401  404
            upload into its folder              | 404  yes  404  404  404  401  401  401  401  404
            make a folder beside it             | 404  yes  404  404  404  401  401  401  401  404
            restore a version                   | yes  yes  yes  403  404  401  401  401  401  404
            delete a version                    | yes  403  403  403  404  401  401  401  401  404
            list shares                         | yes  403  403  403  404  401  401  401  401  404
            share                               | yes  403  403  403  404  401  401  401  401  404
            end another's share                 | yes  403  403  yes  404  401  401  401  401  404
            list links                          | yes  403  403  403  404  401  401  401  401  404
            make a link                         | yes  403  403  403  404  401  401  401  401  404
            revoke a link                       | 404  404  404  404  404  401  401  401  401  404
            copy                                | yes  yes  yes  yes  404  401  401  401  401  404
            make a shortcut                     | yes  yes  yes  yes  404  401  401  401  401  404
            offer to another                    | yes  403  403  403  404  401  401  401  401  404
            accept without an offer             | yes  404  404  404  404  401  401  401  401  404
            move to the trash                   | yes  403  403  403  404  401  401  401  401  404
            restore                             | yes  403  403  403  404  401  401  401  401  404
            purge                               | yes  403  403  403  404  401  401  401  401  404
            read the owner's upload             | 404  yes  404  404  404  401  401  401  401  404
            get a URL for a part of it          | 404  yes  404  404  404  401  401  401  401  404
            send a part of it                   | 404  yes  404  404  404  401  401  401  401  404
            complete it                         | 404  409  404  404  404  401  401  401  401  404
            abort it                            | 404  yes  404  404  404  401  401  401  401  404
            read content by link                | 404  404  404  404  404  404  404  404  404  404
            read content by link to its folder  | 404  404  404  404  404  404  404  404  404  404
            list by link                        | 404  404  404  404  404  404  404  404  404  404
            read zip by link                    | 404  404  404  404  404  404  404  404  404  404
            see the page of the link            | 404  404  404  404  404  404  404  404  404  404
            list users                          | 403  403  403  403  403  401  401  401  401  yes
            """,
    };
}
