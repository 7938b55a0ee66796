using System.Runtime.Loader;
using Microsoft.CodeAnalysis;
using Microsoft.CodeAnalysis.CSharp;
using Orleans.Serialization;

namespace GrainVault.Runtime.Tests.Bundled;

/// <summary>
/// Compiles declarations that the official generator would refuse, where they can't hurt the rest of this project, and
/// asks the bundled runtime what it thinks of them.
/// </summary>
internal static class SnippetCompiler
{
    private const string Usings =
        "using System; using System.Collections.Generic; using System.Threading; using System.Threading.Tasks; using Orleans; using Orleans.Runtime;\n";

    private static readonly MetadataReference[] References =
    [
        .. ((string)AppContext.GetData("TRUSTED_PLATFORM_ASSEMBLIES")!)
            .Split(Path.PathSeparator)
            .Select(path => MetadataReference.CreateFromFile(path)),
    ];

    public static IReadOnlyList<string> FindFaults(string code) => TypeValidator.FindFaults(TypesOf(code));

    public static ApplicationTypes TypesOf(string code)
    {
        var compilation = CSharpCompilation.Create(
            $"Snippet{Guid.NewGuid():N}",
            [CSharpSyntaxTree.ParseText(Usings + code)],
            References,
            new CSharpCompilationOptions(OutputKind.DynamicallyLinkedLibrary, nullableContextOptions: NullableContextOptions.Enable));
        using var image = new MemoryStream();
        var result = compilation.Emit(image);
        Assert.True(result.Success, string.Join(Environment.NewLine, result.Diagnostics));
        image.Position = 0;
        var context = new AssemblyLoadContext("snippet", isCollectible: true);
        return new ApplicationTypes(context.LoadFromStream(image).GetTypes());
    }
}
