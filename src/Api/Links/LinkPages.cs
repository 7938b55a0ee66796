using System.Globalization;
using GrainVault.Files;
using GrainVault.Links;

namespace GrainVault.Api.Links;

/// <summary>What the pages of links say.</summary>
internal static class LinkPages
{
    private static readonly string[] Units = ["bytes", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];

    /// <summary>A file to download.</summary>
    /// <param name="root">Path of the link.</param>
    /// <param name="link">What it leads to.</param>
    public static LinkPage File(string root, LinkResult link)
    {
        var file = link.Entry!;
        var page = new LinkPage(file.Name).Html("<dl>");
        Term(page, "Size", Size(file.SizeBytes));
        Term(page, "Type", file.ContentType);
        Term(page, "Changed", Time(file.ModifiedAt));
        return Ending(page.Html("</dl>\n<p><a class=\"button\" href=\"").Text($"{root}/content").Html("\">Download</a></p>\n"), link.ExpiresAt);
    }

    /// <summary>A page of a folder.</summary>
    /// <param name="root">Path of the link.</param>
    /// <param name="link">The folder: the link's own or one below it.</param>
    /// <param name="entries">What stands in it.</param>
    /// <param name="isFirst">The page is the first one.</param>
    public static LinkPage Folder(string root, LinkResult link, EntryPageResult entries, bool isFirst)
    {
        var folder = link.Entry!;
        var page = new LinkPage(folder.Name);
        if (!link.IsTop)
            page.Html("<p><a href=\"").Text(Below(root, folder.ParentId)).Html("\">Up one folder</a></p>\n");
        if (entries.Entries.Count == 0)
            page.Html(entries.NextCursor is null && isFirst ? "<p>The folder is empty.</p>\n" : "<p>There is nothing more on this page.</p>\n");
        else
            Table(page, root, entries.Entries);
        if (entries.NextCursor is not null || !isFirst)
            page.Html("<nav aria-label=\"Pages\">");
        if (!isFirst)
            page.Html("<a href=\"").Text(Below(root, folder.Id)).Html("\">First page</a> ");
        if (entries.NextCursor is { } cursor)
            page.Html("<a rel=\"next\" href=\"").Text($"{Below(root, folder.Id)}&cursor={Uri.EscapeDataString(cursor)}").Html("\">Next page</a>");
        if (entries.NextCursor is not null || !isFirst)
            page.Html("</nav>\n");
        if (entries.Entries.Count > 0)
            page.Html("<p><a class=\"button\" rel=\"nofollow\" href=\"").Text(link.IsTop ? $"{root}/zip" : $"{root}/zip?parentId={folder.Id}").Html("\">Download all as zip</a></p>\n");
        return Ending(page, link.ExpiresAt);
    }

    /// <summary>The form that takes files.</summary>
    /// <param name="root">Path of the link.</param>
    /// <param name="form">Secret of the form; see <see cref="FormGuard"/>.</param>
    /// <param name="sentCount">Files that have just arrived.</param>
    /// <param name="link">When it ends, and what it takes.</param>
    public static LinkPage Upload(string root, string form, int sentCount, LinkResult link)
    {
        var page = new LinkPage("Send files");
        if (sentCount > 0)
            page.Html("<p role=\"status\">").Text(sentCount == 1 ? "Your file has arrived. Thank you." : $"{sentCount} files have arrived. Thank you.").Html("</p>\n");
        if (link.IsFull)
            return Ending(page.Html("<p>This link takes no more files. Ask whoever sent it to you for another.</p>\n"), link.ExpiresAt);
        page.Html("<p>Whoever gave you this link receives what you send. You can't see or change it afterwards.</p>\n<form method=\"post\" enctype=\"multipart/form-data\" action=\"")
            .Text(root).Html("\">\n");
        Guard(page, form);
        return Ending(
            page.Html(
                """
                <label for="files">Files</label>
                <input id="files" name="files" type="file" multiple required>
                <button class="button" type="submit">Send</button>
                </form>

                """).Html("<p class=\"soft\">Files that are sent at once have at most ").Text(Size(link.FileSizeBytesMax)).Html(" together.</p>\n"),
            link.ExpiresAt);
    }

    /// <summary>The form that asks for the password.</summary>
    /// <param name="root">Path of the link.</param>
    /// <param name="form">Secret of the form; see <see cref="FormGuard"/>.</param>
    /// <param name="alert">What was wrong; null the first time.</param>
    /// <param name="status">Status of the response.</param>
    public static LinkPage Password(string root, string form, string? alert, int status = StatusCodes.Status401Unauthorized)
    {
        var page = new LinkPage("This link has a password") { Status = status };
        Alert(page, alert);
        page.Html("<form method=\"post\" action=\"").Text(root).Html("\">\n");
        Guard(page, form);
        return page.Html(
            """
            <label for="password">Password</label>
            <input id="password" name="password" type="password" maxlength="256" autocomplete="off" required>
            <button class="button" type="submit">Open</button>
            </form>

            """);
    }

    /// <summary>The answer to every link that is not good.</summary>
    public static LinkPage Gone() =>
        new LinkPage("This link does not work") { Status = StatusCodes.Status404NotFound }
            .Html("<p>It may have expired, or its owner may have ended it or removed what it led to. Ask whoever sent it to you for another.</p>\n");

    /// <summary>Something else went wrong.</summary>
    public static LinkPage Failed(int status, string detail) => new LinkPage("This did not work") { Status = status }.Html("<p role=\"alert\">").Text(detail).Html("</p>\n");

    private static void Table(LinkPage page, string root, List<Entry> entries)
    {
        page.Html("<table>\n<caption>Choose a file to download it.</caption>\n<thead><tr><th scope=\"col\">Name</th>"
            + "<th scope=\"col\" class=\"number\">Size</th><th scope=\"col\" class=\"when\">Changed</th></tr></thead>\n<tbody>\n");
        foreach (var entry in entries)
        {
            var isFolder = entry.Kind == EntryKind.Folder;
            page.Html("<tr><th scope=\"row\" dir=\"auto\"><a href=\"").Text(isFolder ? Below(root, entry.Id) : $"{root}/files/{entry.Id}/content").Html("\">")
                .Text(entry.Name).Html(isFolder ? "/" : "").Html("</a></th><td class=\"number\">").Text(isFolder ? "" : Size(entry.SizeBytes))
                .Html("</td><td class=\"when\">").Text(Time(entry.ModifiedAt)).Html("</td></tr>\n");
        }

        page.Html("</tbody>\n</table>\n");
    }

    private static void Alert(LinkPage page, string? alert)
    {
        if (alert is not null)
            page.Html("<p class=\"alert\" role=\"alert\">").Text(alert).Html("</p>\n");
    }

    private static void Guard(LinkPage page, string form) =>
        page.Html($"<input type=\"hidden\" name=\"{FormGuard.Field}\" value=\"").Text(form).Html("\">\n");

    private static LinkPage Ending(LinkPage page, DateTimeOffset? expiresAt) =>
        expiresAt is { } end ? page.Html("<p class=\"soft\">This link works until ").Text(Time(end)).Html(".</p>\n") : page;

    private static void Term(LinkPage page, string term, string value) => page.Html($"<dt>{term}</dt><dd>").Text(value).Html("</dd>");

    private static string Below(string root, string? folderId) => $"{root}?parentId={folderId}";

    private static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("d MMMM yyyy, HH:mm 'UTC'", CultureInfo.InvariantCulture);

    private static string Size(long bytes)
    {
        double size = bytes;
        var unit = 0;
        for (; size >= 1024 && unit < Units.Length - 1; unit++)
            size /= 1024;
        return unit == 0
            ? string.Create(CultureInfo.InvariantCulture, $"{bytes} {(bytes == 1 ? "byte" : "bytes")}")
            : string.Create(CultureInfo.InvariantCulture, $"{size:0.#} {Units[unit]}");
    }
}
