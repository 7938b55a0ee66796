namespace GrainVault.TestKit.Otlp;

/// <summary>A span as it was exported.</summary>
/// <param name="Service">Program that exported it.</param>
/// <param name="Instance">Process that exported it: another one for each start of a program.</param>
/// <param name="Source">Name of the source that made it.</param>
/// <param name="TraceId">32 hexadecimal digits.</param>
/// <param name="Id">16 hexadecimal digits.</param>
/// <param name="ParentId">As <paramref name="Id"/>; empty for the first span of a trace.</param>
/// <param name="Name">What it stands for.</param>
/// <param name="Kind">Its place in a call, for example <see cref="Server"/>.</param>
/// <param name="Attributes">What is said about it.</param>
public sealed record Span(
    string Service,
    string Instance,
    string Source,
    string TraceId,
    string Id,
    string ParentId,
    string Name,
    int Kind,
    IReadOnlyDictionary<string, string> Attributes)
{
    public const int Server = 2;
    public const int Client = 3;
}
