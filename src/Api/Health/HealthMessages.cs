namespace GrainVault.Api.Health;

/// <summary>The process runs.</summary>
internal sealed record LiveAnswer(string Status);

/// <summary>Whether the process can serve requests.</summary>
/// <param name="Status"><c>ready</c> or <c>unavailable</c>.</param>
/// <param name="Runtime">Actor runtime and version: official Microsoft.Orleans or the bundled one.</param>
/// <param name="Dependencies">Each dependency: <c>up</c>, or what is wrong with it.</param>
/// <param name="Down">Names of the dependencies that are down.</param>
internal sealed record ReadyAnswer(string Status, string Runtime, IReadOnlyDictionary<string, string> Dependencies, IReadOnlyList<string> Down);
