namespace GrainVault.Api.Archives;

/// <summary>Body that asks for a URL of an archive.</summary>
/// <param name="Ids">1 to 100 different files and folders.</param>
internal sealed record ZipRequest(IReadOnlyList<string> Ids);

/// <summary>A URL of an archive, for whoever has it.</summary>
/// <param name="Url">GET it without a token, for example by sending a browser there.</param>
/// <param name="ExpiresAt">Until when it works.</param>
internal sealed record ZipAnswer(string Url, DateTimeOffset ExpiresAt);
