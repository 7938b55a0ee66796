using System.Globalization;
using System.Xml.Linq;
using Microsoft.AspNetCore.Http;

namespace GrainVault.TestKit.FakeS3;

/// <summary>An answer of the fake server before it is sent.</summary>
internal sealed class FakeS3Answer(int status = 200)
{
    private static readonly XNamespace Namespace = "http://s3.amazonaws.com/doc/2006-03-01/";

    public int Status { get; init; } = status;

    public Dictionary<string, string> Headers { get; } = [];

    public string? Xml { get; init; }

    public FakeContent? Content { get; init; }

    public long Offset { get; init; }

    public long Length { get; init; }

    /// <summary>An answer with a document of the S3 namespace.</summary>
    public static FakeS3Answer Document(string root, params object?[] content) =>
        new() { Xml = new XDocument(Qualify(new XElement(root, content))).ToString(SaveOptions.DisableFormatting) };

    /// <summary>An error answer.</summary>
    public static FakeS3Answer Error(int status, string code, string message) =>
        new(status) { Xml = new XElement("Error", new XElement("Code", code), new XElement("Message", message)).ToString(SaveOptions.DisableFormatting) };

    public static string Quote(string etag) => $"\"{etag}\"";

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public FakeS3Answer With(string header, string? value)
    {
        if (value is not null)
            Headers[header] = value;
        return this;
    }

    /// <summary>Sends it; <paramref name="truncateAt"/> breaks the connection after that many bytes of content.</summary>
    public async Task SendAsync(HttpContext context, long? truncateAt)
    {
        context.Response.StatusCode = Status;
        foreach (var (name, value) in Headers)
            context.Response.Headers[name] = value;
        var isHead = HttpMethods.IsHead(context.Request.Method);
        if (Xml is not null && !isHead)
        {
            context.Response.ContentType = "application/xml";
            await context.Response.WriteAsync("<?xml version=\"1.0\" encoding=\"UTF-8\"?>" + Xml);
        }
        else if (Content is not null)
        {
            context.Response.ContentLength = Length;
            if (isHead)
                return;
            await Content.WriteAsync(context.Response.Body, Offset, Math.Min(Length, truncateAt ?? Length), context.RequestAborted);
            if (truncateAt < Length)
            {
                await context.Response.Body.FlushAsync();
                context.Abort();
            }
        }
    }

    private static XElement Qualify(XElement element)
    {
        foreach (var one in element.DescendantsAndSelf())
            one.Name = Namespace + one.Name.LocalName;
        return element;
    }
}
